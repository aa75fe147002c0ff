/**
 * The types in what the TypeScript kernel sends: those of the messaging specification, and of clients in typed languages, to which a
 * message is unreadable when one field has another type.
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html | Messaging in Jupyter}
 * @see {@link https://github.com/runtimed/runtimed/blob/main/crates/jupyter-protocol/src/messaging.rs | Its types in Rust}
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '#src/protocol/message.js';
import type { KernelClient } from '../../support/kernel/kernel-client.js';
import { startTypeScriptProcess } from '../../support/kernel/typescript-process.js';

let kernel: Awaited<ReturnType<typeof startTypeScriptProcess>>;
let client: KernelClient;

beforeAll(async () => {
  kernel = await startTypeScriptProcess();
  ({ client } = kernel);
});

afterAll(() => kernel.close());

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
/** What Rust has as usize, and nbformat as a count. */
const count: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isRecord = (value: unknown): value is JsonObject => object(value);
const one =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const of =
  (shape: Shape): Check =>
  (value) =>
    isRecord(value) && misfits(value, shape).length === 0;
const mapOf =
  (member: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(member);
const tuple =
  (...items: readonly Check[]): Check =>
  (value) =>
    Array.isArray(value) && value.length === items.length && items.every((check, at) => check(value[at]));

/** The fields that are missing or of another type. */
const misfits = (content: JsonObject, shape: Shape): readonly string[] =>
  Object.entries(shape)
    .filter(([name, check]) => !check(content[name]))
    .map(([name]) => `${name}: ${JSON.stringify(content[name])}`);

const OK = { status: one('ok') };
const ERROR = { ename: text, evalue: text, traceback: list(text) };
const BUNDLE = { data: object, metadata: object };
const LANGUAGE = {
  name: text,
  version: text,
  mimetype: text,
  file_extension: text,
  pygments_lexer: text,
  codemirror_mode: text,
  nbconvert_exporter: text,
};
const EXPRESSION: Check = (value) => of({ ...OK, ...BUNDLE })(value) || of({ status: one('error'), ...ERROR })(value);
const EXECUTED = { execution_count: count, payload: list(object), user_expressions: mapOf(EXPRESSION) };

const REPLIES: readonly (readonly [string, JsonObject, Shape])[] = [
  [
    'kernel_info_request',
    {},
    {
      ...OK,
      protocol_version: text,
      implementation: text,
      implementation_version: text,
      banner: text,
      debugger: flag,
      language_info: of(LANGUAGE),
      help_links: list(of({ text, url: text })),
      supported_features: list(text),
    },
  ],
  ['execute_request', { code: 'const a = 1; a', user_expressions: { x: 'a', y: 'nowhere' } }, { ...OK, ...EXECUTED }],
  ['execute_request', { code: 'let b = 2' }, { ...OK, ...EXECUTED }],
  ['execute_request', { code: 'throw new Error("no")' }, { status: one('error'), ...ERROR, ...EXECUTED }],
  [
    'complete_request',
    { code: 'Mat', cursor_pos: 3 },
    { ...OK, matches: list(text), cursor_start: count, cursor_end: count, metadata: object },
  ],
  ['inspect_request', { code: 'Math', cursor_pos: 4, detail_level: 0 }, { ...OK, found: flag, ...BUNDLE }],
  ['inspect_request', { code: '', cursor_pos: 0, detail_level: 1 }, { ...OK, found: flag, ...BUNDLE }],
  ['is_complete_request', { code: '1' }, { status: one('complete') }],
  ['is_complete_request', { code: 'if (1) {' }, { status: one('incomplete'), indent: text }],
  ['is_complete_request', { code: ')' }, { status: one('invalid') }],
  ['comm_info_request', {}, { ...OK, comms: mapOf(of({ target_name: text })) }],
  [
    'history_request',
    { hist_access_type: 'tail', n: 9, output: false, raw: true },
    { ...OK, history: list(tuple(count, count, text)) },
  ],
  [
    'history_request',
    { hist_access_type: 'tail', n: 9, output: true, raw: true },
    { ...OK, history: list(tuple(count, count, tuple(text, text))) },
  ],
  ['invented_request', {}, { status: one('error'), ...ERROR }],
];

test.each(REPLIES)('the reply to %s %j has the types of the specification', async (msgType, content, shape) => {
  const reply = await client.ask(msgType, content);
  expect(misfits(reply, shape)).toEqual([]);
});

const PUBLISHED: Readonly<Record<string, Shape>> = {
  status: { execution_state: one('starting', 'busy', 'idle') },
  execute_input: { code: text, execution_count: count },
  execute_result: { execution_count: count, ...BUNDLE },
  stream: { name: one('stdout', 'stderr'), text },
  display_data: { ...BUNDLE, transient: object },
  error: ERROR,
};

test('what a cell publishes has the types of the specification, and so have all headers', async () => {
  const ids = [
    await client.execute('console.log("a"); console.error("b"); display("c"); 5'),
    await client.execute('null.x'),
  ];
  for (const id of ids) await client.answer(id);
  const messages = ids.flatMap((id) => client.published(id));
  expect(new Set(messages.map(({ header }) => header.msg_type))).toEqual(new Set(Object.keys(PUBLISHED)));
  const header = { msg_id: text, msg_type: text, session: text, username: text, date: text, version: text };
  for (const message of messages) {
    expect(misfits(message.content, PUBLISHED[message.header.msg_type] ?? {})).toEqual([]);
    for (const head of [message.header, message.parent_header]) {
      expect(of(header)(head)).toBe(true);
      expect(Number.isNaN(Date.parse(head.date ?? ''))).toBe(false);
    }
  }
});

test('the editor is told the mode by its name', async () => {
  const { language_info: language } = await client.ask('kernel_info_request');
  expect(language).toMatchObject({ codemirror_mode: 'typescript' });
});
