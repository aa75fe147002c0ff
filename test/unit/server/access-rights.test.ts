import { describe, expect, test } from '@jest/globals';
import { createMessage } from '#src/protocol/create-message.js';
import type { JsonObject } from '#src/protocol/message.js';
import type { Language } from '#src/kernel/language.js';
import { childOf } from '../../support/kernel/kernel-client.js';
import { FAILED, gate, OK, scripted, untilAborted } from '../../support/kernel/serve.js';
import { share } from '../../support/kernel/share.js';

const echo: Language = scripted(async ({ code }, cell) => {
  cell.stream('stdout', code);
  return OK;
});

describe('an observer', () => {
  test('sees what others run, under their verified names', async () => {
    const { owner, admit } = await share(echo);
    const executor = await admit('ada', 'executor');
    const observer = await admit('bob', 'observer');
    const id = await executor.execute('hello');
    await observer.idle(id);
    expect(observer.said(id)).toEqual(['busy', 'execute_input', 'stream', 'idle']);
    for (const message of [...observer.published(id), ...owner.published(id)]) {
      expect(message.parent_header.username).toBe('ada');
    }
  });

  test('is refused what it may not send, at once and visibly to nobody else', async () => {
    const { owner, admit, events } = await share(echo);
    const observer = await admit('bob', 'observer');
    for (const [msgType, channel] of [
      ['execute_request', 'shell'],
      ['history_request', 'shell'],
      ['shutdown_request', 'control'],
      ['curve_grant_request', 'control'],
      ['no_such_request', 'shell'],
      ['EXECUTE_REQUEST', 'shell'],
      [`${'x'.repeat(500)}_request`, 'shell'],
    ] as const) {
      const id = await observer.send(msgType, {}, { channel });
      await observer.idle(id);
      expect(observer.said(id)).toEqual(msgType === 'execute_request' ? ['busy', 'error', 'idle'] : ['busy', 'idle']);
      if (msgType === 'EXECUTE_REQUEST') continue;
      const { content } = await observer.reply(id);
      expect(content).toMatchObject({ status: 'error', ename: 'NotPermitted', traceback: [] });
      expect(content['evalue']).toMatch(/^observer may not send /);
      expect(owner.published(id)).toEqual([]);
    }
    expect(events.filter(({ event }) => event === 'deny').map(({ type }) => type)).toContain('execute_request');
    const info = await observer.ask('kernel_info_request');
    expect(info).toMatchObject({ status: 'ok' });
  });

  test('is told below its cell what it may not do, unless the cell is silent, and below a widget, whose messages have no reply', async () => {
    const { owner, admit } = await share(echo);
    const observer = await admit('bob', 'observer');
    const other = await admit('ann', 'observer');
    const refused = await observer.execute('1');
    const silent = await observer.execute('1', { silent: true });
    const comm = await observer.send('comm_msg', { comm_id: 'c', data: {} });
    for (const id of [refused, silent, comm]) await observer.idle(id);
    expect(observer.said(silent)).toEqual(['busy', 'idle']);
    const said = [refused, comm].map((id) => observer.published(id).find(({ header }) => header.msg_type === 'error'));
    expect(said.map((message) => message?.content)).toEqual([
      expect.objectContaining({
        ename: 'NotPermitted',
        evalue: 'observer may not send shell.execute_request',
        traceback: ['NotPermitted: observer may not send shell.execute_request'],
      }),
      expect.objectContaining({ ename: 'NotPermitted', evalue: expect.stringContaining('comm_msg') }),
    ]);
    await owner.ask('kernel_info_request');
    for (const client of [owner, other]) {
      expect(client.heard.some(({ message }) => message.header.msg_type === 'error')).toBe(false);
    }
  });

  test('is shown to others with a small header, or not at all', async () => {
    const { owner, admit, events } = await share(echo);
    const observer = await admit('bob', 'observer');
    const request = createMessage({ session: 's', username: 'bob' }, 'kernel_info_request', {});
    const header = { ...request.header, more: 'x'.repeat(20_000) };
    await observer.dialer.send('shell', { ...request, header });
    await observer.ask('kernel_info_request');
    await owner.ask('kernel_info_request');
    expect(owner.published(header.msg_id)).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'deny', rule: 'message-too-large' }));
  });

  test('keeps seeing busy when it is refused something while code runs', async () => {
    const passed = gate();
    const { owner, admit } = await share(scripted(async () => (await passed.passed, OK)));
    const observer = await admit('bob', 'observer');
    const running = await owner.execute('wait');
    await observer.find(({ message }) => message.header.msg_type === 'execute_input', 'the input');
    const id = await observer.execute('no');
    await observer.idle(id);
    await observer.find(
      ({ message }) =>
        childOf(message, running) &&
        observer.heard.findIndex((heard) => heard.message === message) >
          observer.heard.findIndex((heard) => childOf(heard.message, id)) &&
        message.content['execution_state'] === 'busy',
      'busy again',
    );
    passed.open();
    await owner.answer(running);
  });
});

test('what a client sends as a type is told to others without what it could do to their terminals', async () => {
  const { kernel, owner, admit, events } = await share(echo);
  const bob = await admit('bob', 'observer');
  await bob.ask(`\u001b[2J\u202e${'x'.repeat(300)}_request`);
  const [, { lastRequest } = { lastRequest: null }] = await kernel.access.clients();
  const told = `??2J?${'x'.repeat(58)}…`;
  expect(lastRequest?.type).toBe(told);
  const { clients } = await owner.ask('curve_clients_request', {}, { channel: 'control' });
  expect(clients).toContainEqual(expect.objectContaining({ last_request: expect.objectContaining({ type: told }) }));
  expect(events).toContainEqual(expect.objectContaining({ event: 'deny', type: told }));
});

describe('an executor', () => {
  test('interrupts its own cell and nobody else’s', async () => {
    const { owner, admit } = await share(scripted(async (_, cell) => untilAborted(cell.signal)));
    const ada = await admit('ada', 'executor');
    const theirs = await owner.execute('spin');
    await ada.find(({ message }) => childOf(message, theirs), 'busy');
    expect(await ada.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ ename: 'NotPermitted' });
    await owner.ask('interrupt_request', {}, { channel: 'control' });
    expect(await owner.answer(theirs)).toMatchObject({ status: 'error' });
    const own = await ada.execute('spin');
    await ada.find(({ message }) => childOf(message, own), 'busy');
    expect(await ada.ask('interrupt_request', {}, { channel: 'control' })).toMatchObject({ status: 'ok' });
    expect(await ada.answer(own)).toMatchObject({ status: 'error' });
  });

  test('loses nothing by somebody else’s failure: only cells of the same identity are aborted', async () => {
    const passed = gate();
    const { owner, admit } = await share(
      scripted(async ({ code }) => {
        if (code !== 'fail') return OK;
        await passed.passed;
        return FAILED;
      }),
    );
    const ada = await admit('ada', 'executor');
    const failing = await owner.execute('fail');
    await ada.find(({ message }) => message.header.msg_type === 'execute_input', 'the input');
    const [hers, his] = [await ada.execute('fine'), await owner.execute('fine')];
    await owner.ask('kernel_info_request');
    await ada.ask('kernel_info_request');
    passed.open();
    expect(await owner.answer(failing)).toMatchObject({ status: 'error' });
    expect(await owner.answer(his)).toMatchObject({ status: 'aborted' });
    expect(await ada.answer(hers)).toMatchObject({ status: 'ok' });
  });

  test('is asked for input alone, and nobody else can answer', async () => {
    const { owner, admit, events } = await share(
      scripted(async (_, cell) => {
        cell.stream('stdout', await cell.input('name?'));
        return OK;
      }),
    );
    const ada = await admit('ada', 'executor');
    const id = await ada.execute('ask', { allow_stdin: true });
    await ada.find(({ channel }) => channel === 'stdin', 'the question');
    await owner.send('input_reply', { value: 'mallory' }, { channel: 'stdin' });
    await owner.ask('kernel_info_request');
    expect(owner.heard.filter(({ channel }) => channel === 'stdin')).toEqual([]);
    await ada.send('input_reply', { value: 'Ada' }, { channel: 'stdin' });
    await ada.answer(id);
    expect(ada.published(id).map(({ content }) => content['text'])).toContain('Ada');
    expect(events).toContainEqual(expect.objectContaining({ event: 'deny', identity: 'owner', type: 'input_reply' }));
  });

  test('runs nothing that waited while it lost the right to it', async () => {
    const passed = gate();
    const ran: string[] = [];
    const { kernel, owner, admit } = await share(
      scripted(async ({ code }) => {
        ran.push(code);
        if (code === 'wait') await passed.passed;
        return OK;
      }),
    );
    const ada = await admit('ada', 'executor');
    const first = await owner.execute('wait');
    await ada.find(({ message }) => message.header.msg_type === 'execute_input', 'the input');
    const waiting = await ada.execute('later');
    await ada.ask('kernel_info_request');
    await kernel.access.setRoles('ada', ['observer']);
    passed.open();
    await owner.answer(first);
    expect(await ada.answer(waiting)).toMatchObject({ status: 'error', ename: 'NotPermitted' });
    expect(ran).toEqual(['wait']);
  });
});

describe('comms', () => {
  test('of a private target can be neither seen, used nor listed', async () => {
    const language = scripted(
      async (_, cell) => {
        cell.publish('comm_open', { comm_id: 'b', target_name: 'secret', data: {} });
        cell.publish('comm_msg', { comm_id: 'b', data: { text: 'secret' } });
        cell.publish('comm_open', { comm_id: 'a', target_name: 'open', data: {} });
        return OK;
      },
      {
        comm: async ({ content }, cell) => cell.publish('comm_msg', { ...content, heard: true }),
        commInfo: async () => ({ a: { target_name: 'open' }, b: { target_name: 'secret' } }),
      },
    );
    const { kernel, owner, admit } = await share(language);
    const ada = await admit('ada', 'executor');
    await kernel.access.setTopic('comm:secret', 'private');
    const id = await owner.execute('open');
    await Promise.all([owner.answer(id), ada.idle(id)]);
    expect(owner.said(id).filter((type) => type.startsWith('comm'))).toHaveLength(3);
    expect(ada.said(id).filter((type) => type.startsWith('comm'))).toEqual(['comm_open']);
    expect(await ada.ask('comm_info_request')).toEqual({ status: 'ok', comms: { a: { target_name: 'open' } } });
    const talk = async (content: JsonObject, msgType = 'comm_msg'): Promise<string[]> => {
      const sent = await ada.send(msgType, { data: {}, ...content });
      await ada.idle(sent);
      return ada.said(sent);
    };
    expect(await talk({ comm_id: 'a' })).toEqual(['busy', 'comm_msg', 'idle']);
    expect(await talk({ comm_id: 'b' })).toEqual(['busy', 'error', 'idle']);
    // Neither by the name of another target, nor by an id that nobody opened.
    expect(await talk({ comm_id: 'b', target_name: 'open' }, 'comm_open')).toEqual(['busy', 'error', 'idle']);
    expect(await talk({ comm_id: 'unknown' })).toEqual(['busy', 'error', 'idle']);
  });
});

describe('private topics', () => {
  const grouped = scripted(async ({ code }, cell) => {
    cell.display({ 'text/plain': code }, { metadata: { groups: code === 'odd' ? 'not a list' : ['team'] } });
    return OK;
  });

  test('are hidden from the call on that makes them private, and shown again', async () => {
    const { kernel, owner, admit } = await share(grouped);
    const bob = await admit('bob', 'observer');
    const said = async (code: string): Promise<boolean> => {
      const id = await owner.execute(code);
      await Promise.all([owner.answer(id), bob.idle(id)]);
      expect(owner.said(id)).toContain('display_data');
      return bob.said(id).includes('display_data');
    };
    expect(await said('one')).toBe(true);
    await kernel.access.setTopic('team', 'private');
    expect(await kernel.access.privateTopics()).toEqual(['team']);
    expect(await said('two')).toBe(false);
    await kernel.access.setTopic('team', 'public');
    expect(await said('three')).toBe(true);
    expect(await said('odd')).toBe(false);
  });

  test('stay hidden when the output is changed by an update that names no group', async () => {
    const changing = scripted(async ({ code }, cell) => {
      const [displayId, groups] = code.split(' ');
      const metadata = groups === undefined ? {} : { groups: [groups] };
      cell.display({ 'text/plain': 'first' }, { ...(displayId !== undefined && { displayId }), metadata });
      cell.display({ 'text/plain': 'then' }, { ...(displayId !== undefined && { displayId }), update: true });
      return OK;
    });
    const { kernel, owner, admit } = await share(changing);
    const bob = await admit('bob', 'observer');
    const said = async (code: string): Promise<string[]> => {
      const id = await owner.execute(code);
      await Promise.all([owner.answer(id), bob.idle(id)]);
      expect(owner.said(id)).toEqual(expect.arrayContaining(['display_data', 'update_display_data']));
      return bob.said(id).filter((type) => type.includes('display'));
    };
    await kernel.access.setTopic('team', 'private');
    expect(await said('private team')).toEqual([]);
    expect(await said('public')).toEqual(['display_data', 'update_display_data']);
    // Also in another cell that only knows its id, or shows it again.
    expect(await said('private')).toEqual([]);
    expect(await said('public team')).toEqual([]);
  });

  test('are left out of the history of who may not see them', async () => {
    const results = scripted(async ({ code }, cell) => {
      cell.result({ 'text/plain': `result of ${code}` }, code === 'secret' ? { groups: ['team'] } : {});
      return OK;
    });
    const { kernel, owner, admit } = await share(results);
    const ada = await admit('ada', 'executor');
    await kernel.access.setTopic('team', 'private');
    for (const code of ['open', 'secret']) await owner.ask('execute_request', { code });
    const ask = { hist_access_type: 'tail', n: 2, output: true };
    const first = [1, 1, ['open', 'result of open']];
    expect(await owner.ask('history_request', ask)).toMatchObject({
      history: [first, [1, 2, ['secret', 'result of secret']]],
    });
    expect(await ada.ask('history_request', ask)).toMatchObject({ history: [first, [1, 2, ['secret', '']]] });
  });

  test('hide a whole kernel: what is private to it can be neither seen nor used', async () => {
    const { kernel, owner, admit } = await share(echo);
    const ada = await admit('ada', 'executor');
    await kernel.access.setTopic('kernel', 'private');
    const id = await owner.execute('secret');
    await owner.answer(id);
    const refused = await ada.execute('mine');
    expect(await ada.answer(refused)).toMatchObject({ ename: 'NotPermitted' });
    expect(ada.said(refused)).toEqual(['busy', 'error', 'idle']);
    expect(owner.published(refused)).toEqual([]);
    expect(ada.published(id)).toEqual([]);
  });
});
