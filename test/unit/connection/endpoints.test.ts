import { describe, expect, test } from '@jest/globals';
import { endpoint } from '#src/connection/endpoints.js';

const ports = { shell: 1, iopub: 2, stdin: 3, control: 4, heartbeat: 50005 };
const at = (ip: string): string => endpoint({ transport: 'ipc', ip, ports }, 'shell');

describe('the endpoint of a socket', () => {
  test.each([
    ['127.0.0.1', 'tcp://127.0.0.1:50005'],
    ['localhost', 'tcp://localhost:50005'],
    ['*', 'tcp://*:50005'],
    ['::1', 'tcp://[::1]:50005'],
    ['[::1]', 'tcp://[::1]:50005'],
    ['fe80::1%eth0', 'tcp://[fe80::1%eth0]:50005'],
  ])('at %s is %s', (ip, expected) => {
    expect(endpoint({ transport: 'tcp', ip, ports }, 'heartbeat')).toBe(expected);
  });

  test('of ipc is a path with the number as its suffix', () => {
    const info = { transport: 'ipc', ip: '/run/kernel-ipc', ports } as const;
    const sockets = ['shell', 'iopub', 'stdin', 'control'] as const;
    expect(sockets.map((socket) => endpoint(info, socket))).toEqual([
      'ipc:///run/kernel-ipc-1',
      'ipc:///run/kernel-ipc-2',
      'ipc:///run/kernel-ipc-3',
      'ipc:///run/kernel-ipc-4',
    ]);
  });

  test('of ipc has at most as many bytes as the system allows, and says so', () => {
    const limit = process.platform === 'darwin' ? 103 : 107;
    expect(at('x'.repeat(limit - 2))).toHaveLength(limit + 'ipc://'.length);
    for (const ip of ['x'.repeat(limit - 1), 'ä'.repeat(60)]) {
      expect(() => at(ip)).toThrow(
        expect.objectContaining({ code: 'endpoint-invalid', message: expect.stringContaining(`allows ${limit}`) }),
      );
    }
  });
});
