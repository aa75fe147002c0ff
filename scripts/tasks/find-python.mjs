import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The versions that the pins of test/requirements.txt work with; the oldest is that of Debian 12. */
const OLDEST = [3, 11, 2];
const NEWEST = [3, 13];
const RANGE = `Python ${OLDEST.join('.')} to ${NEWEST.join('.')}`;

/** Tried in this order. The system's Python is named by its path: an older one may come first on the PATH. */
const commands =
  process.platform === 'win32'
    ? ['python', 'python3', 'py']
    : ['python3', 'python3.13', 'python3.12', 'python3.11', '/usr/bin/python3'];

const PROGRAM = `
import sys
try:
    import ensurepip, venv
    print(*sys.version_info[:3], 'venv')
except ImportError:
    print(*sys.version_info[:3])
`;

/**
 * Returns `python`, the first of `candidates` that can create an environment for test/requirements.txt; or `problem`, a sentence that says
 * what was found and what is wanted.
 */
export async function findPython(candidates = commands) {
  const found = [];
  for (const command of candidates) {
    const version = await versionOf(command);
    if (version === undefined) continue;
    const fault = faultOf(version);
    if (fault === undefined) return { python: command };
    found.push(`${command} is ${version.numbers.join('.')}, ${fault}`);
  }
  const what = found.length === 0 ? 'no Python was found' : found.join('; ');
  return { problem: `${RANGE} with its venv module is wanted for the tests with the Python stack: ${what}.` };
}

async function versionOf(command) {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', PROGRAM]);
    const words = stdout.trim().split(' ');
    const numbers = words.slice(0, 3).map(Number);
    return numbers.length === 3 && !numbers.includes(NaN) ? { numbers, venv: words[3] === 'venv' } : undefined;
  } catch {
    // Not installed, or the shim of one that is not.
    return undefined;
  }
}

function faultOf({ numbers, venv }) {
  if (compare(numbers, OLDEST) < 0) return 'which is too old';
  if (compare(numbers.slice(0, NEWEST.length), NEWEST) > 0)
    return 'which is newer than the pinned packages were tried with';
  return venv ? undefined : 'without its venv module (on Debian: apt install python3-venv)';
}

/** Below 0, 0 or above 0, as `a` is older than `b`, the same or newer. */
const compare = (a, b) => a.map((number, at) => number - b[at]).find((difference) => difference !== 0) ?? 0;
