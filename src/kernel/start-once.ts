import type { Language } from './language.js';

/** A function that starts the language when first called, and again when called after a failure. */
export function startOnce(language: Language): () => Promise<void> {
  let started: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    try {
      await language.start?.();
    } catch (error) {
      started = undefined;
      throw error;
    }
  };
  return async () => (started ??= start());
}
