import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AUDIT_FORMAT } from '../../access/audit/audit-chain.js';
import { CurveKernelError, isCurveKernelError } from '../../errors.js';
import { readCertificateFile } from '../../keys/certificate-file.js';
import { fingerprint } from '../../keys/fingerprint.js';
import { fileSystemError } from '../../keys/private-file.js';
import { isSealed } from '../../keys/seal.js';
import { checkKernelSpec } from '../../launch/kernelspec.js';
import { isJsonObject } from '../../protocol/json-fields.js';
import type { Json, JsonObject } from '../../protocol/message.js';
import { parseConnectionFacts, type ConnectionFacts } from '../connection-facts.js';
import { findReaders, type FileReaders } from '../file-readers.js';
import { inspectConnection } from './inspect-connection.js';
import { inspectKernelspec } from './inspect-kernelspec.js';
import { inspectAuthorizedClients, inspectPolicy } from './inspect-list.js';
import { fact, type Content, type Inspection, type Problem } from './inspection.js';

/** An {@link Inspection}, and what a connection file leads to. */
export interface InspectedFile {
  readonly inspection: Inspection;
  /** Of a connection file or grant. */
  readonly connection?: ConnectionFacts;
}

const MAX_BYTES = 1_048_576;

/**
 * Recognises a file by its content, and explains it: a connection file, a grant (also a sealed one), a kernelspec's folder or `kernel.json`, a
 * certificate, a policy, `authorized_clients`, an audit, the record of a kernel. Sends nothing anywhere. No key is in the result, fingerprints are.
 *
 * @throws CurveKernelError `connection-file-missing`, `-unreadable`, `-unsafe` (no regular file), and `-invalid` for any other file.
 */
export async function inspectFile(path: string, now = Date.now()): Promise<InspectedFile> {
  const isFolder = await lstat(resolve(path)).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, 'kernel.json') : path;
  const { text, stats } = await readText(file);
  const readers = await findReaders(file, stats);
  const { content, connection } = await explain(text, file, now);
  const problems = [...content.problems, ...readerProblems(content, file, readers)];
  return { inspection: { ...content, file, readers, problems }, ...(connection && { connection }) };
}

interface Explained {
  readonly content: Content;
  readonly connection?: ConnectionFacts;
}

async function explain(text: string, file: string, now: number): Promise<Explained> {
  if (isSealed(text)) return { content: SEALED };
  const json = parseJson(text);
  if (isJsonObject(json)) {
    if (Object.keys(json).some((name) => name.endsWith('_port'))) {
      const connection = await parseConnectionFacts(text, file);
      return { connection, content: inspectConnection(connection, now) };
    }
    if ('argv' in json) return { content: explainKernelspec(json, file) };
    if ('owner' in json && 'kernel' in json && 'files' in json) return { content: explainRecord(json) };
  }
  if (text.slice(0, 1024).includes(`"${AUDIT_FORMAT}"`)) return { content: explainAudit(text) };
  if (/^\s*(public|secret)-key\s*=/m.test(text)) return { content: await explainCertificate(file) };
  return { content: await explainRules(text, file) };
}

const SEALED: Content = {
  kind: 'sealed-grant',
  title: 'a sealed grant: only the holder of the key that it was sealed to can open it',
  facts: [fact('open', 'open it', 'with "jupyter-curve accept FILE --out kernel.json"', null)],
  problems: [],
  isSecret: false,
};

function explainKernelspec(json: JsonObject, file: string): Content {
  const folder = dirname(resolve(file));
  return inspectKernelspec(checkKernelSpec(basename(folder).toLowerCase(), folder, json, file));
}

function explainRecord({ kernel, files }: JsonObject): Content {
  const pid = isJsonObject(kernel) && typeof kernel['pid'] === 'number' ? kernel['pid'] : null;
  const [first = null] = Array.isArray(files) ? files : [];
  return {
    kind: 'kernel-record',
    title: 'the record of a kernel that jupyter-curve started, which says what to end and remove when its manager dies',
    facts: [
      fact('pid', 'process', String(pid ?? 'not known'), pid),
      fact('connection_file', 'file', typeof first === 'string' ? first : 'not known', first),
    ],
    problems: [],
    isSecret: false,
  };
}

function explainAudit(text: string): Content {
  const lines = text.split('\n').filter((line) => line !== '').length;
  return {
    kind: 'audit',
    title: 'the audit of a kernel; "jupyter-curve audit FILE" shows it',
    facts: [fact('lines', 'lines', `${lines}${text.length >= MAX_BYTES ? ' or more' : ''}`, lines)],
    problems: [],
    isSecret: false,
  };
}

async function explainCertificate(file: string): Promise<Content> {
  const { publicKey, secretKey } = await readCertificateFile(file);
  return {
    kind: 'key-file',
    title: secretKey === undefined ? 'a public key' : 'a key pair, with its secret key',
    facts: [fact('fingerprint', 'key', fingerprint(publicKey))],
    problems: [],
    isSecret: secretKey !== undefined,
  };
}

/** Lists of clients and policies have no mark of their own: what can be read as one is one. */
async function explainRules(text: string, file: string): Promise<Content> {
  const isListed = basename(file).startsWith('authorized_clients');
  try {
    const content = inspectAuthorizedClients(text, file);
    if (isListed || content.facts.length > 0) return content;
  } catch (error) {
    if (isListed || !isCurveKernelError(error)) throw error;
  }
  const isPolicy = /\.ya?ml$/.test(file) || /^\W*(roles|anonymous|private|reauth|tests)\W/m.test(text);
  if (isPolicy) return inspectPolicy(text, file);
  throw new CurveKernelError('connection-file-invalid', `${file} is no file that jupyter-curve knows.`, {
    hint: 'Name a connection file, a grant, a kernelspec, a certificate, a policy, a list of clients or an audit.',
    data: { file },
  });
}

function readerProblems(
  { isSecret }: Content,
  file: string,
  { owner, readableBy, writableByOthers }: FileReaders,
): Problem[] {
  const hint = `Run \`chmod 600 '${file}'\`, and make new keys if other people use this machine.`;
  const problems: Problem[] = [];
  if (isSecret && (readableBy === 'group' || readableBy === 'every user'))
    problems.push({
      message: `It holds a secret that ${readableBy === 'group' ? 'its group' : 'every user'} can read.`,
      hint,
    });
  if (writableByOthers) problems.push({ message: 'Other users can change it.', hint: `Run \`chmod go-w '${file}'\`.` });
  if (owner === 'another user')
    problems.push({ message: 'It belongs to another user.', hint: 'Find out who put it there before you use it.' });
  return problems;
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The beginning of a file, whatever its owner and mode: it is explained, and not used. */
async function readText(file: string): Promise<{ readonly text: string; readonly stats: Stats }> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw fileSystemError('connection-file', 'read', file, error);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new CurveKernelError('connection-file-unsafe', `${file} is no regular file.`, {
        hint: 'Name a regular file, or the folder of a kernelspec.',
        data: { file },
      });
    }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), stats };
  } catch (error) {
    throw fileSystemError('connection-file', 'read', file, error);
  } finally {
    await handle.close();
  }
}
