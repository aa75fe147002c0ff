import { expect, test } from '@jest/globals';
import { Dealer, Router } from 'zeromq';
import { receiveEach } from '#src/transport/receive-each.js';
import { eventually } from '../../support/eventually.js';
import { inRoom } from '../../support/kernel/room.js';

test('a socket that cannot be received from for a while is heard again afterwards, and given up when it is closed', () =>
  inRoom(async (room) => {
    const socket = new Router({ linger: 0, receiveTimeout: 1 });
    room.after(() => socket.close());
    socket.bindSync('tcp://127.0.0.1:*');
    const received: string[] = [];
    const failures: unknown[] = [];
    const ended = receiveEach(
      socket,
      (frames) => received.push(String(frames.at(-1))),
      (error) => failures.push(error),
    );
    await eventually(() => failures.length >= 2);
    expect(failures[0]).toMatchObject({ code: 'EAGAIN' });
    const sender = new Dealer({ linger: 0 });
    room.after(() => sender.close());
    sender.connect(socket.lastEndpoint ?? '');
    await sender.send('late');
    await eventually(() => received.length === 1);
    expect(received).toEqual(['late']);
    socket.close();
    await ended;
  }));
