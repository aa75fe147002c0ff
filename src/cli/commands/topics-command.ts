import type { CommandModule } from 'yargs';
import { existingOptions, withAccess, type ExistingArguments } from '../options/existing-kernel.js';
import { printJson, printNote, printResult } from '../output/output.js';

interface TopicArguments extends ExistingArguments {
  readonly topic: string;
}

interface TopicsArguments extends ExistingArguments {
  readonly json: boolean;
}

/** `private`: from now on, outputs of a topic are for roles that name it. */
export const privateCommand = visibilityCommand('private', 'Show outputs of a topic only to roles that name it');

/** `public`: takes that back. */
export const publicCommand = visibilityCommand('public', 'Show outputs of a topic to everybody again');

/** `topics`: which are private. */
export const topicsCommand: CommandModule<object, TopicsArguments> = {
  command: 'topics',
  describe: 'List the private topics of a running kernel',
  builder: (yargs) =>
    existingOptions(yargs).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
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
          describe: 'A group of outputs, comm:TARGET for a comm, or kernel for all',
        }),
      ),
    handler: async (args) => {
      await withAccess(args, (access) => access.setTopic(args.topic, visibility));
      printNote(`the topic ${args.topic} is ${visibility} now`);
    },
  };
}
