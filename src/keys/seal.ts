import { CurveKernelError } from '../errors.js';
import { checkPublicKey, type CurvePair } from './curve-pair.js';
import { loadSodium } from './sodium.js';
import { decodeZ85 } from './z85.js';

const BEGIN = '-----BEGIN JUPYTER-CURVE SEALED FILE-----';
const END = '-----END JUPYTER-CURVE SEALED FILE-----';
const LINE = 64;

/**
 * Text that only the holder of `publicKey`'s secret can read: a sealed box of libsodium (X25519, XSalsa20, Poly1305, a key pair for this
 * text alone) in base64 between two lines that say what it is, so that it may be mailed. It proves nothing about who sealed it.
 * Throws `key-invalid`.
 */
export async function sealText(text: string, publicKey: string): Promise<string> {
  const recipient = decodeZ85(checkPublicKey(publicKey, 'The public key to seal to'));
  const sodium = await loadSodium();
  const box = Buffer.from(sodium.crypto_box_seal(text, recipient)).toString('base64');
  const lines = box.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? [];
  return [BEGIN, ...lines, END, ''].join('\n');
}

/**
 * The text that {@link sealText} sealed to this pair. Text around the two lines, as mail programs add it, is ignored; `source` is its name in
 * errors. Throws `key-file-invalid` for text that is not sealed, and `key-mismatch` for text that was sealed to another key, or changed.
 */
export async function openSealedText(sealed: string, pair: CurvePair, source: string): Promise<string> {
  const box = unwrap(sealed, source);
  const sodium = await loadSodium();
  const publicKey = decodeZ85(checkPublicKey(pair.publicKey, 'The public key'));
  let opened: Uint8Array;
  try {
    opened = pair.secretKey.expose((secretKey) => sodium.crypto_box_seal_open(box, publicKey, secretKey));
  } catch (cause) {
    throw new CurveKernelError('key-mismatch', `${source} was sealed to another key, or was changed on its way.`, {
      hint: 'Open it with the pair whose public key you gave away, or ask for it again.',
      cause,
      data: { file: source },
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(opened);
  } catch (cause) {
    throw notSealed(source, 'holds no text', cause);
  } finally {
    sodium.memzero(opened);
  }
}

/** Whether a text has the first line of {@link sealText}. */
export function isSealed(text: string): boolean {
  return text.includes(BEGIN);
}

function unwrap(sealed: string, source: string): Uint8Array {
  const start = sealed.indexOf(BEGIN);
  const end = sealed.indexOf(END, start);
  if (start < 0 || end < 0) throw notSealed(source, 'is not a sealed file, or not all of one');
  const body = sealed.slice(start + BEGIN.length, end).replaceAll(/[\s>]/g, '');
  if (!/^[\w+/]+={0,2}$/.test(body)) throw notSealed(source, 'is damaged: it is not base64');
  return Buffer.from(body, 'base64');
}

const notSealed = (source: string, problem: string, cause?: unknown): CurveKernelError =>
  new CurveKernelError('key-file-invalid', `${source} ${problem}.`, {
    hint: 'Make one with `jupyter-curve grant --seal`, and keep both lines of dashes.',
    cause,
    data: { file: source },
  });
