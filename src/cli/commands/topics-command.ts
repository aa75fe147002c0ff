import type { CommandModule } from 'yargs';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { JSON_OPTION, printJson, printNote, printResult } from '../output/output.js';

interface TopicArguments extends ExistingArguments {
  readonly topic: string;
}

interface TopicsArguments extends ExistingArguments {
  readonly json: boolean;
}

/** `private`: restricts outputs of a topic to roles that name it, from now on. */
export const privateCommand = visibilityCommand('private', 'Restrict outputs of a topic to roles that name it');

/** `public`: undoes `private`. */
export const publicCommand = visibilityCommand('public', 'Show outputs of a topic to all clients again');

/** `topics`: lists the private topics. */
export const topicsCommand: CommandModule<object, TopicsArguments> = {
  command: 'topics',
  describe: 'List the private topics of a running kernel',
  builder: (yargs) => existingOptions(yargs).option('json', JSON_OPTION),
  handler: async (args) => {
    const topics = await withAccess(args, (access) => access.privateTopics());
    if (args.json) printJson({ private: topics });
    else if (topics.length === 0) printNote('no topic is private');
    else printResult(topics.join('\n'));
  },
};

function visibilityCommand(visibility: 'private' | 'public', describe: string): CommandModule<object, TopicArguments> {
  return {
    command: `${visibility} <topic>`,
    describe,
    builder: (yargs) =>
      existingOptions(
        yargs.positional('topic', {
          type: 'string',
          demandOption: true,
          describe: 'A group of outputs, comm:TARGET for a comm target, or kernel for all outputs',
        }),
      ),
    handler: async (args) => {
      await withAccess(args, (access) => access.setTopic(args.topic, visibility));
      printNote(`the topic ${args.topic} is now ${visibility}`);
    },
  };
}
