import { CurveKernelError } from '../errors.js';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const BASE = ALPHABET.length;
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

const invalid = (found: string): CurveKernelError =>
  new CurveKernelError('key-invalid', `Not Z85 text: ${found}.`, {
    hint: 'Z85 (ZeroMQ RFC 32) writes every four bytes as five printable characters.',
  });

/** Bytes as Z85 text (ZeroMQ RFC 32). Throws TypeError unless the length is a multiple of four. */
export function encodeZ85(bytes: Uint8Array): string {
  if (bytes.byteLength % 4 !== 0) throw new TypeError(`Z85 needs a multiple of 4 bytes, not ${bytes.byteLength}.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let offset = 0; offset < bytes.byteLength; offset += 4) {
    let word = view.getUint32(offset);
    let group = '';
    for (let digit = 0; digit < 5; digit++) {
      group = ALPHABET.charAt(word % BASE) + group;
      word = Math.floor(word / BASE);
    }
    text += group;
  }
  return text;
}

/**
 * The bytes of Z85 text (ZeroMQ RFC 32).
 * Throws `key-invalid` for a length that is no multiple of five, a foreign character, or a group above 2³² − 1.
 */
export function decodeZ85(text: string): Uint8Array {
  if (text.length % 5 !== 0) throw invalid(`${text.length} characters, which is no multiple of 5`);
  const view = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let group = 0; group < text.length / 5; group++) {
    let word = 0;
    for (const character of text.slice(group * 5, group * 5 + 5)) {
      const value = VALUES.get(character);
      if (value === undefined) throw invalid('it has a character outside the alphabet');
      word = word * BASE + value;
    }
    if (word > 0xffffffff) throw invalid('a group of five characters is larger than four bytes can hold');
    view.setUint32(group * 4, word);
  }
  return new Uint8Array(view.buffer);
}
