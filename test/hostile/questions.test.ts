/** Attacks by which code of one client asks another for input, under the other's cell. */
import { describe, expect, test } from '@jest/globals';
import { createTypeScriptLanguage } from '#src/typescript/typescript-language.js';
import { plainText, textOf, type KernelClient } from '../support/kernel/kernel-client.js';
import { share, type Shared } from '../support/kernel/share.js';

/** Runs a cell of which its front end allows questions; its result, or the question that came of it. */
async function runAsked(client: KernelClient, code: string): Promise<string> {
  const id = await client.execute(code, { allow_stdin: true });
  const heard = await client.find(
    ({ channel, message }) =>
      message.parent_header.msg_id === id && (channel === 'stdin' || message.header.msg_type === 'execute_reply'),
    'a question or a reply',
    60_000,
  );
  if (heard.channel === 'stdin') return `asked: ${textOf(heard.message.content['prompt'])}`;
  await client.idle(id);
  return client
    .published(id)
    .map((message) => plainText(message) || textOf(message.content['evalue']))
    .join('');
}

/** Code of an ended cell that asks once the owner's cell runs, and keeps what comes of it. */
const asking = (later: string, ask: string): string => `
  (globalThis as any).said = undefined; (globalThis as any).armed = false;
  const tell = (what: unknown) => { (globalThis as any).said ??= String(what); };
  const ask = () => { try { Promise.resolve(${ask}).then(tell, tell); } catch (error) { tell(error); } };
  const fs = require('fs');
  const next = () => fs.stat('.', () => { if ((globalThis as any).armed) ${later}; else next(); });
  next();`;

const WAIT =
  'armed = true; while (said === undefined) await new Promise((resolve) => setTimeout(resolve, 5)); String(said)';

async function shareTypeScript(): Promise<Shared> {
  return share(createTypeScriptLanguage());
}

describe('code of an executor’s earlier cell that asks while the owner’s cell runs', () => {
  test.each([
    ['at once', 'ask()', 'input("Password: ", { password: true })'],
    ['from a timer', 'setTimeout(ask, 1)', 'input("Password: ", { password: true })'],
    ['after an await', '(async () => { await null; ask(); })()', 'input("Password: ", { password: true })'],
    ['and blocks', 'ask()', 'prompt("Password: ")'],
    ['by a file descriptor', 'ask()', 'fs.readFileSync(0, "utf8")'],
  ])('%s is refused: the owner is asked nothing', async (_, later, ask) => {
    const { owner, admit } = await shareTypeScript();
    const bob = await admit('bob', 'executor');
    expect(await bob.answer(await bob.execute(asking(later, ask), { allow_stdin: true }))).toMatchObject({
      status: 'ok',
    });
    expect(await runAsked(owner, WAIT)).toMatch(
      /No input can be asked for: (it is not known which cell asks|the cell)/,
    );
    expect([...owner.heard, ...bob.heard].filter(({ channel }) => channel === 'stdin')).toEqual([]);
    expect(await runAsked(owner, 'await null; await input("mine")')).toBe('asked: mine');
  });
});

test('a client that has the kernel alone is asked also where it is not known which of its cells asks', async () => {
  const { owner } = await shareTypeScript();
  const code = 'await new Promise((resolve) => require("fs").stat(".", () => resolve(input("who?"))))';
  expect(await runAsked(owner, code)).toBe('asked: who?');
});
