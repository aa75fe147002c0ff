import type { Argv, InferredOptionTypes, Options, PositionalOptions } from 'yargs';

type Arguments = Readonly<Record<string, PositionalOptions>>;
type OptionSet = Readonly<Record<string, Options>>;

/** The values of options, or of arguments, by their names. */
export type Values<Set extends OptionSet> = { readonly [Name in keyof Set]: InferredOptionTypes<Set>[Name] };

/** A command for yargs. Its usage and its line in the help of the program are in program.ts, which loads a command when it is named. */
export interface Command {
  build(yargs: Argv): Argv;
  run(values: unknown): Promise<void>;
}

/** What a command takes and does. */
export interface CommandDefinition<A extends Arguments, O extends OptionSet> {
  readonly arguments?: A;
  readonly options?: O;
  /** Throws for values that do not go together. */
  readonly check?: (values: Values<A & O>) => void;
  /** Command lines without the name of the program, and what to say of them. */
  readonly examples?: readonly (readonly [line: string, description?: string])[];
  readonly run: (values: Values<A & O>) => Promise<void>;
}

/** Defines a command; the types of its values follow from its options. */
export function defineCommand<const A extends Arguments = {}, const O extends OptionSet = {}>({
  arguments: positionals,
  options,
  check = () => undefined,
  examples = [],
  run,
}: CommandDefinition<A, O>): Command {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- yargs read them by these very definitions
  const asValues = (values: unknown): Values<A & O> => values as Values<A & O>;
  return {
    build(yargs) {
      for (const [name, definition] of Object.entries(positionals ?? {})) yargs.positional(name, definition);
      for (const [line, description = ''] of examples) yargs.example(`$0 ${line}`, description);
      return yargs.options(options ?? {}).check((values) => {
        check(asValues(values));
        return true;
      });
    },
    run: (values) => run(asValues(values)),
  };
}
