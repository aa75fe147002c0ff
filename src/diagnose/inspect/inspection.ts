import type { Json } from '../../protocol/message.js';
import type { FileReaders } from '../file-readers.js';

/** The kinds of files that `inspect` knows. */
export type FileKind =
  | 'connection-file'
  | 'grant'
  | 'sealed-grant'
  | 'kernelspec'
  | 'key-file'
  | 'policy'
  | 'authorized-clients'
  | 'audit'
  | 'kernel-record';

/** One thing that a file says. */
export interface Fact {
  /** For programs. */
  readonly name: string;
  readonly value: Json;
  /** For people: the beginning of a line, and the rest. */
  readonly label: string;
  readonly words: string;
}

/** Something wrong with a file, and what to do. */
export interface Problem {
  readonly message: string;
  readonly hint: string;
}

/** What a file says, by its kind, without keys. */
export interface Content {
  readonly kind: FileKind;
  /** What it is, in one clause. */
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly problems: readonly Problem[];
  /** Whether only its owner is to read it. */
  readonly isSecret: boolean;
}

/** A file and what it says. */
export interface Inspection extends Content {
  readonly file: string;
  readonly readers: FileReaders;
}

/** Makes a {@link Fact}; the value is the words, if there is no other. */
export function fact(name: string, label: string, words: string, value: Json = words): Fact {
  return { name, label, words, value };
}
