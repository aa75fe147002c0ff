/** The threats of docs/security.md: what an attacker tries, what stops it, the tests that show it, and what remains. */

/** A test by its file and the beginning of its title. */
export interface TestReference {
  readonly file: string;
  readonly title: string;
}

/** One row of docs/security.md. */
export interface Threat {
  readonly number: number;
  readonly threat: string;
  /** What stops it in the kernel. */
  readonly stoppedBy: string;
  readonly tests: readonly TestReference[];
  /** What remains, in plain words. */
  readonly limit?: string;
}

const reference = (file: string, title: string): TestReference => ({ file: `test/${file}.test.ts`, title });

/** The 22 threats, in the order of the study that named them. */
export const THREATS: readonly Threat[] = [
  {
    number: 1,
    threat: 'Another local user scans the ports and connects.',
    stoppedBy:
      'CURVE on every socket, and one admitted client key on shell, control, stdin and iopub. The public key of the kernel opens nothing.',
    tests: [
      reference('hostile/pyzmq-strangers', 'pyzmq strangers get nothing on any channel'),
      reference('unit/transport/strangers', 'strangers from Node are refused on every channel'),
    ],
    limit: 'Heartbeat answers every peer that knows the public key. It returns what it was sent.',
  },
  {
    number: 2,
    threat: 'A sniffer records the network.',
    stoppedBy: 'CURVE: every frame is encrypted with keys that last one connection.',
    tests: [reference('hostile/capture', 'shows a sniffer nothing of a session')],
    limit: 'Sizes, times and addresses stay visible.',
  },
  {
    number: 3,
    threat: 'An attacker on the path changes, repeats, reorders or deletes frames.',
    stoppedBy:
      'CURVE ends the connection at a changed or repeated frame. The HMAC signature, which stays on, finds a deleted one. A replayed message is refused.',
    tests: [
      reference('hostile/messages', 'a message of which any frame was lost, doubled, swapped or changed'),
      reference('unit/transport/listener', 'a message that is replayed is rejected on every channel'),
    ],
    limit: 'The attacker can cut the connection, as with any protocol.',
  },
  {
    number: 4,
    threat: 'An impostor binds the ports of the kernel first.',
    stoppedBy: 'The client pins the server key. The manager chooses other ports when one is taken.',
    tests: [
      reference('unit/transport/dialer-failures', 'the server key is wrong'),
      reference('process/manager/start-kernel', 'that another process takes before the kernel can'),
    ],
  },
  {
    number: 5,
    threat: 'A connection file is stolen.',
    stoppedBy:
      'A grant has keys of its own and no server secret. It can be limited to addresses, it expires, and it can be revoked.',
    tests: [
      reference('unit/server/access-grants', 'for a key of the client’s own holds no secret'),
      reference('unit/server/access-grants', 'is for the addresses that it names'),
      reference('unit/server/access-grants', 'cuts the client off at once'),
      reference('hostile/verifier', 'a connection from an address with another role is refused while there are others'),
    ],
    limit: 'The file with the shared pair makes its holder the owner. The secret by environment avoids that file.',
  },
  {
    number: 6,
    threat: 'A revoked collaborator keeps a session.',
    stoppedBy: 'Revoking closes the five sockets of the grant, and drops what waits in them.',
    tests: [reference('process/server/revocation', 'nothing after the revocation')],
  },
  {
    number: 7,
    threat: 'An authorised client acts as another one.',
    stoppedBy: 'Identity is bound to the listener that a message arrives at. Headers and routing ids prove nothing.',
    tests: [
      reference('hostile/impersonation', 'change nothing: everything on iopub has the verified name'),
      reference('hostile/impersonation', 'of a client that is there: its replies and questions'),
      reference('hostile/routing-ids', 'a stranger who takes the routing id of another one'),
      reference('hostile/questions', '%s is refused: the owner is asked nothing'),
    ],
    limit:
      'Executors share one interpreter: a timer of one can print in the name of another, and functions that it replaced can ask in their name.',
  },
  {
    number: 8,
    threat: 'An observer tries to execute.',
    stoppedBy: 'A matrix of role, channel and message type that denies by default.',
    tests: [
      reference('process/server/role-matrix', 'A1, A4: what each role may send'),
      reference('hostile/impersonation', 'an observer gets nothing run by them'),
      reference('hostile/access', 'gives itself and others only those that it holds'),
      reference('hostile/verifier', 'another grant of the same name brings no role to the first one'),
      reference('hostile/verifier', 'of connections from two addresses at the same time, those of one are let in'),
      reference('hostile/access', 'a stranger who knocks at heartbeat changes no role, and the verifier is not asked'),
      reference('hostile/access', 'a private display that is shown again without its group stays private'),
    ],
  },
  {
    number: 9,
    threat: 'Code in a cell looks for the keys.',
    stoppedBy:
      'Cells run in a process that has no key, no connection file, and no descriptor or variable that leads to one.',
    tests: [reference('hostile/cell-search', 'from a cell, the keys of the kernel and of all its clients')],
    limit: 'The process runs as the same user, unless `kernel --evaluator-user` names another account.',
  },
  {
    number: 10,
    threat: 'A web page of another origin reaches the kernel.',
    stoppedBy: 'The kernel has no HTTP or WebSocket port. Origins are the business of jupyter_server.',
    tests: [reference('hostile/bytes', '%s ends that connection, and clients notice nothing')],
  },
  {
    number: 11,
    threat: 'A flood of connections, or connections that say nothing.',
    stoppedBy:
      'A limit on the time of a handshake, and on connections for each socket, which come back however they end. A full socket has clients try again.',
    limit:
      'Where a flood takes all descriptors of the process, connected clients go on. A new client waits for its turn among the connections of the flood, of which descriptors / 2 s are taken. A stranger who knows the public key can hold all 64 connections to heartbeat.',
    tests: [
      reference('hostile/connection-floods', 'the owner is answered, and a new client is let in'),
      reference('hostile/seats', 'an attacker on the path to %s, without a key'),
      reference('hostile/seats', 'a stranger who knows the public key, and breaks 70 connections'),
      reference('hostile/bytes', 'two hundred connections that say nothing keep no client out'),
      reference('hostile/bytes', 'a greeting that stops anywhere'),
      reference('hostile/clients', 'an observer that comes and goes 500 times by %s is not listed without bound'),
      reference('hostile/access', 'connections without a shell, of which no end is seen, fill no list of clients'),
      reference(
        'hostile/verifier',
        'a stranger who knocks at heartbeat from an address that the verifier denies costs the client nothing',
      ),
    ],
  },
  {
    number: 12,
    threat: 'A peer that reads slowly or never.',
    stoppedBy: 'A queue for each socket that is bounded in bytes. Other identities have queues of their own.',
    tests: [
      reference('hostile/heartbeat-strangers', 'what waits for a stranger who pings and does not read'),
      reference('hostile/floods', 'an observer that reads no answer'),
    ],
  },
  {
    number: 13,
    threat: 'A frame that claims to be huge, or content that is made to take long.',
    stoppedBy:
      'A limit on the bytes of a frame, from before the handshake on, and on topics; a frame that is not finished is held until its connection ends. What a sender may not send is refused by its header, before the rest is parsed, and senders take turns. Patterns and names that clients send are bounded, and are compared in time proportional to the text.',
    tests: [
      reference('hostile/topics', 'a client that subscribes to topics of %d bytes without end'),
      reference('hostile/floods', 'an observer, with lists of lists in what it may not send'),
      reference('hostile/floods', 'an observer on twenty connections'),
      reference('hostile/floods', 'an executor, with lists of lists'),
      reference('hostile/floods', 'what an observer asks is no news for others'),
      reference(
        'hostile/unfinished-frames',
        'frames that are never finished hold up no other client, and end with the grant',
      ),
      reference('hostile/unfinished-frames', 'a claim beyond the limit of %s is refused by its first bytes'),
      reference('hostile/unfinished-frames', 'the frames of a sender that may send nothing large'),
      reference('hostile/ordinary-use', 'a class of 300 observers sees what the owner runs'),
      reference('unit/transport/listener', 'a frame beyond the limit ends the connection of its sender'),
      reference('hostile/bytes', 'a stranger who sends what it claimed does not fill the memory'),
      reference('hostile/patterns', 'with a pattern that is made to be slow holds up no other client'),
      reference('hostile/patterns', 'with a pattern of 2.5 KB is refused'),
      reference('hostile/patterns', 'an act of megabytes is none, and is answered'),
      reference('hostile/patterns', 'a comm with a name or target of megabytes'),
      reference('hostile/display-structure', '2,000,000 empty arrays as %s do not end a kernel of 96 MB'),
    ],
  },
  {
    number: 14,
    threat: 'A downgrade to plain text or an older protocol.',
    stoppedBy: 'A CURVE socket refuses NULL, PLAIN and ZMTP 2. Under `required` the manager proves it on the wire.',
    tests: [
      reference('process/manager/start-kernel', 'required: a kernel that encrypts for those who do'),
      reference('unit/transport/dialer-failures', 'the kernel answers in plain text though there are keys'),
    ],
  },
  {
    number: 15,
    threat: 'The ZAP handler is gone, slow or wrong.',
    stoppedBy: 'A ZAP domain and enforcement on every socket: without a clear yes the peer is refused.',
    tests: [
      reference('unit/transport/zap', 'admits no peer without a handler'),
      reference('unit/transport/zap', 'admits no peer when the handler was closed'),
      reference('unit/transport/zap', 'a listener whose sockets admit a peer that they must refuse does not serve'),
    ],
  },
  {
    number: 16,
    threat: 'Keys leak through files.',
    stoppedBy: 'Files are 0600, created exclusively and renamed. Symbolic links and loose folders are refused.',
    tests: [
      reference('unit/keys/write-private-file', 'is 0600 under umask'),
      reference('unit/keys/read-private-file', 'through symbolic links of our own'),
    ],
  },
  {
    number: 17,
    threat: 'Keys leak through a process: arguments, environment, logs, errors, core files.',
    stoppedBy: 'A secret prints as `[secret]`. It is in no argument, and the variable that carried it is erased.',
    tests: [
      reference('unit/keys/secret', 'is [secret] in everything that a process prints'),
      reference('process/manager/start-kernel', 'because it ends: status and last words, without the keys'),
      reference('hostile/access', 'a key that is given for a role is repeated neither in the error nor in the audit'),
      reference('hostile/process-memory', 'SIGUSR1 opens no inspector in a kernel'),
      reference('hostile/process-memory', 'a core file of a kernel holds none of its keys'),
    ],
  },
  {
    number: 18,
    threat: 'A race with symbolic links while a file is written, or files that another user planted.',
    stoppedBy:
      'Exclusive creation in a folder that is checked after it was opened. Records count only when they are of our own user, in folders that others cannot write to.',
    tests: [
      reference('unit/keys/write-private-file', 'never goes through a symbolic link that is planted again and again'),
      reference('unit/keys/write-private-file', 'never lands in a loose folder'),
      reference('hostile/planted-records', 'a record of another user kills no process and removes no file of root'),
      reference('hostile/planted-records', 'nothing is swept in a folder of mode %o'),
      reference('hostile/planted-records', 'a record of our own removes nothing outside of its folder'),
    ],
  },
  {
    number: 19,
    threat: 'A message or a sealed file is replayed.',
    stoppedBy: 'A signature is admitted once. A sealed file opens for the holder of one key only.',
    tests: [
      reference('hostile/impersonation', 'run once, by whichever client they are replayed'),
      reference('unit/keys/seal', 'only the holder of the secret key opens'),
    ],
  },
  {
    number: 20,
    threat: 'The audit is edited, or flooded.',
    stoppedBy: 'A hash chain, counts instead of rows for floods, and no new client while the audit cannot be written.',
    tests: [
      reference('unit/server/access-audit', 'the audit tells who came, was refused and was sent away, as a chain'),
      reference('unit/server/access-audit', 'a full disk stops grants and says so'),
      reference('unit/access/audit', 'shows any line that was edited, also the last'),
    ],
    limit: 'An attacker who can write the file can write all of it anew. `audit --tip` finds that out.',
  },
  {
    number: 21,
    threat: 'The clock is set.',
    stoppedBy: 'Intervals run on a monotonic clock.',
    tests: [
      reference('unit/server/access-grants', 'ends when its time has come'),
      reference('hostile/access', 'over a restart prolongs no grant'),
    ],
  },
  {
    number: 22,
    threat: 'A file of rules or grants is damaged.',
    stoppedBy: 'A broken file changes nothing, raises an alarm, and never lets a client in.',
    tests: [
      reference('unit/server/access-files', 'that is broken from the start lets in only the owner'),
      reference('unit/server/state-file', 'a state that was cut short, added to, changed or sealed'),
      reference('hostile/access', 'holds up neither its start nor its end'),
    ],
  },
];
