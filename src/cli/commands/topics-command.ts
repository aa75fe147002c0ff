import { defineCommand, type Command } from '../command.js';
import { EXISTING_OPTIONS, withAccess } from '../options/existing-kernel.js';
import { argument, JSON_OPTION } from '../options/option.js';
import { printJson, printNote, printResult } from '../output/output.js';

/** `private`: restricts outputs of a topic to roles that name it, from now on. */
export const privateCommand = visibilityCommand('private');

/** `public`: undoes `private`. */
export const publicCommand = visibilityCommand('public');

/** `topics`: lists the private topics. */
export const topicsCommand = defineCommand({
  options: { ...EXISTING_OPTIONS, json: JSON_OPTION },
  run: async (args) => {
    const topics = await withAccess(args, (access) => access.privateTopics());
    if (args.json) printJson({ private: topics });
    else if (topics.length === 0) printNote('no topic is private');
    else printResult(topics.join('\n'));
  },
});

function visibilityCommand(visibility: 'private' | 'public'): Command {
  return defineCommand({
    arguments: { topic: argument('A group of outputs, comm:TARGET for a comm target, or kernel for all outputs') },
    options: EXISTING_OPTIONS,
    run: async (args) => {
      await withAccess(args, (access) => access.setTopic(args.topic, visibility));
      printNote(`the topic ${args.topic} is now ${visibility}`);
    },
  });
}
