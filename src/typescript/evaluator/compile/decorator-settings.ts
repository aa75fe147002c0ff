/** What the tsconfig.json of a folder says of decorators. */
import { createRequire } from 'node:module';

/** The compiler options that decide what decorators mean. */
export interface DecoratorSettings {
  /** `experimentalDecorators`; undefined where no configuration says it. */
  readonly experimental: boolean | undefined;
  /** `emitDecoratorMetadata`. */
  readonly metadata: boolean;
}

/**
 * The settings of the nearest tsconfig.json in `folder` or above, with what it extends. It is read at every call: it may have been
 * edited. Throws a `SyntaxError` that names a configuration which cannot be read.
 */
export function decoratorSettings(folder: string): DecoratorSettings {
  // Loaded for code that has decorators: most never has.
  const { getTsconfig } = createRequire(import.meta.url)('get-tsconfig') as typeof import('get-tsconfig');
  try {
    const options = getTsconfig(folder)?.config.compilerOptions;
    return { experimental: options?.experimentalDecorators, metadata: options?.emitDecoratorMetadata === true };
  } catch (error) {
    throw new SyntaxError(`the tsconfig.json of ${folder} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
