/** What `status` concludes from what it has seen, and how it shows it. */
import { describe, expect, test } from '@jest/globals';
import type { ClientInfo } from '#src/access/grants/grant-info.js';
import { formatStatus, statusJson } from '#src/cli/output/status-text.js';
import { perSocket } from '#src/connection/per-socket.js';
import type { KernelLink } from '#src/diagnose/kernel-link.js';
import { describeLink, specOf, usesProcessor, type KernelStatus } from '#src/diagnose/kernel-status.js';
import { isRelay } from '#src/diagnose/running-kernels.js';
import { checkKernelSpec } from '#src/launch/kernelspec.js';

const NOW = Date.parse('2030-01-01T12:00:00');

function linkOf(parts: Partial<KernelLink> = {}): KernelLink {
  return {
    mechanisms: perSocket(() => 'curve' as const),
    state: undefined,
    isStale: false,
    clients: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...parts,
  };
}

const clientOf = (name: string, origin: string, since: readonly number[], isRunning?: boolean): ClientInfo => ({
  id: name,
  name,
  roles: [name],
  fingerprint: '',
  origin,
  issuedAt: '',
  connected: since.map((at) => ({ address: '127.0.0.1', since: new Date(at).toISOString(), sockets: 5 })),
  ...(isRunning !== undefined && { isRunning }),
});

const protectionOf = (parts: Partial<KernelLink>) => describeLink(linkOf(parts), undefined, NOW).protection;

const stateOf = (link: Partial<KernelLink>, clients?: readonly ClientInfo[]) => {
  const found = describeLink(linkOf(link), clients, NOW);
  return [found.state, found.stateFrom];
};

const processOf = (pid: number, parent: number, ticks: number, isRunnable = false) =>
  [pid, { pid, parent, argv: [], ticks, isRunnable, startedAt: 0 }] as const;

const usesAfter = (before: number, after: number, isRunnable: boolean) =>
  usesProcessor(7, new Map([processOf(7, 1, before, isRunnable)]), new Map([processOf(7, 1, after, isRunnable)]), 100);

const specOfArgv = (name: string, argv: string[]) => [name, checkKernelSpec(name, `/${name}`, { argv }, '')] as const;

const candidateOf = (argv: readonly string[]) => ({
  file: '/r/k.json',
  isInner: false,
  ownProcess: { pid: 7, parent: 1, argv, ticks: 0, isRunnable: false, startedAt: 0 },
});

describe('a link', () => {
  test('tells the protection by all five handshakes', () => {
    expect(protectionOf({})).toBe('encrypted');
    expect(protectionOf({ mechanisms: perSocket(() => 'null') })).toBe('plain');
    expect(protectionOf({ mechanisms: perSocket((name) => (name === 'iopub' ? 'null' : 'curve')) })).toBe('partly');
  });

  test('is not among the clients that it tells of', () => {
    const clients = [
      clientOf('owner', 'connection-file', [NOW - 9000, NOW + 3]),
      clientOf('alice', 'grant', [NOW - 5000]),
    ];
    const found = describeLink(linkOf(), clients, NOW).clients ?? [];
    expect(found.map(({ name, since }) => [name, Date.parse(since) - NOW])).toEqual([
      ['owner', -9000],
      ['alice', -5000],
    ]);
    const earlier = [clientOf('owner', 'connection-file', [NOW - 9000])];
    expect(describeLink(linkOf(), earlier, NOW).clients).toHaveLength(1);
  });

  test('tells the state by what is published, else by what runs, else not at all', () => {
    expect(stateOf({ state: 'idle' }, [clientOf('a', 'grant', [], true)])).toEqual(['idle', 'iopub']);
    expect(stateOf({}, [clientOf('a', 'grant', [], false), clientOf('b', 'grant', [], true)])).toEqual([
      'busy',
      'kernel',
    ]);
    expect(stateOf({}, [clientOf('a', 'grant', [], false)])).toEqual(['idle', 'kernel']);
    expect(stateOf({}, [clientOf('a', 'grant', [])])).toEqual([undefined, undefined]);
    expect(stateOf({})).toEqual([undefined, undefined]);
  });
});

describe('a process', () => {
  test('uses the processor if it used half of one, or was ready to run at both looks', () => {
    expect([usesAfter(0, 5, false), usesAfter(0, 4, false), usesAfter(0, 1, true), usesAfter(0, 0, true)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  test('counts with what it has started, and not with what was not there before', () => {
    const before = new Map([processOf(7, 1, 0), processOf(8, 7, 0)]);
    expect(usesProcessor(7, before, new Map([processOf(7, 1, 0), processOf(8, 7, 9)]), 100)).toBe(true);
    expect(usesProcessor(7, before, new Map([processOf(7, 1, 0), processOf(9, 7, 9)]), 100)).toBe(false);
  });

  test('is a relay by its arguments', () => {
    const argv = ['node', 'main.js', 'relay', '--connection-file', '/r/k.json', '--spec', '/specs/ir', '--'];
    expect(isRelay({ argv })).toBe(true);
    expect(isRelay({ argv: argv.filter((one) => one !== 'relay') })).toBe(false);
  });
});

test('a kernelspec is found by the name in the file, else by the arguments of the process', () => {
  const specs = new Map([
    specOfArgv('ir', ['R', '--slave', '{connection_file}']),
    specOfArgv('bash', ['python', '-m', 'bash_kernel', '-f', '{connection_file}']),
  ]);
  expect(specOf(candidateOf(['/usr/bin/python3', '-m', 'bash_kernel', '-f', '/r/k.json']), specs)?.name).toBe('bash');
  expect(specOf(candidateOf(['/usr/bin/python3', '-m', 'other', '-f', '/r/k.json']), specs)).toBeUndefined();
});

describe('the screen', () => {
  const kernels: readonly KernelStatus[] = [
    {
      file: '/r/kernel-1.json',
      kernel: 'ir',
      relays: 'ir',
      pid: 7,
      startedAt: '2029-12-31T08:00:00',
      protection: 'encrypted',
      state: 'busy',
      stateFrom: 'kernel',
      clients: [{ name: 'alice', roles: ['observer'], address: '10.0.0.7', since: '2030-01-01T11:59:00' }],
    },
    { file: '/r/\u001b[2Jkernel-2.json', protection: 'unknown', problem: 'It belongs to another user.' },
  ];

  test('has a line for each kernel, below it its clients, and no control characters', () => {
    expect(formatStatus(kernels, { gone: 2, now: NOW }).split('\n')).toEqual([
      'KERNEL  ENCRYPTED  BY     STATE  PID  SINCE       FILE',
      'ir      yes        relay  busy   7    2029-12-31  kernel-1.json',
      '  alice  observer  from 10.0.0.7  since 11:59',
      '-       not asked  -      -      -    -           �[2Jkernel-2.json',
      '  It belongs to another user.',
      '2 files of kernels that are gone',
    ]);
    expect(formatStatus([], { gone: 0, now: NOW })).toBe('no kernel of yours runs');
  });

  test('is cut to what a terminal shows', () => {
    const lines = formatStatus(kernels, { gone: 2, now: NOW, columns: 20, rows: 3 }).split('\n');
    expect(lines).toEqual(['KERNEL  ENCRYPTED  …', 'ir      yes        …', '… 4 more lines']);
  });

  test('as JSON has every field, null for what is not known', () => {
    expect(statusJson(kernels, { gone: 0, now: NOW })).toMatchObject({
      gone: 0,
      kernels: [
        { relays: 'ir', state_from: 'kernel', problem: null },
        {
          kernel: null,
          pid: null,
          mechanisms: null,
          state: null,
          clients: null,
          problem: 'It belongs to another user.',
        },
      ],
    });
  });
});
