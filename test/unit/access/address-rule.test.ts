import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createAddressRule } from '#src/access/policy/address-rule.js';

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

describe('an address rule', () => {
  test.each([
    [
      ['10.0.0.0/8'],
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:0a01:0203'],
      ['11.0.0.0', '9.255.255.255'],
    ],
    [['192.168.1.7'], ['192.168.1.7', '::ffff:192.168.1.7'], ['192.168.1.8', '192.168.1.6']],
    [['192.168.1.7/32'], ['192.168.1.7'], ['192.168.1.8']],
    [['0.0.0.0/0'], ['1.2.3.4', '::ffff:1.2.3.4'], ['::1', '2001:db8::1', 'localhost:0:0:1']],
    [['::/0'], ['::1', '2001:db8::1', 'fe80::1%eth0'], ['localhost:1000:1000:77']],
    [['2001:db8::/32'], ['2001:db8::1', '[2001:db8::1]', '2001:0DB8:0:0::1'], ['2001:db9::1', '::1']],
    [['fe80::/10'], ['fe80::1', 'fe80::1%eth0', 'fe80::1%3'], ['fec0::1']],
    [['::1'], ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
    [['::ffff:10.0.0.0/104'], ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
    [['::ffff:10.0.0.1'], ['10.0.0.1'], ['10.0.0.2']],
    [['10.0.0.1', '10.0.0.3', '::1'], ['10.0.0.1', '10.0.0.3', '::1'], ['10.0.0.2']],
    [['local'], ['localhost:1000:1000:4242', 'localhost:0:0:', 'localhost'], ['127.0.0.1', '::1']],
    [['local', '127.0.0.0/8'], ['localhost:1:1:1', '127.9.9.9'], ['10.0.0.1']],
  ])('%j lets in %j and not %j', (list, inside, outside) => {
    const rule = createAddressRule(list);
    for (const address of inside) expect([address, rule(address)]).toEqual([address, true]);
    for (const address of outside) expect([address, rule(address)]).toEqual([address, false]);
  });

  test.each([
    '',
    ' ',
    'x',
    '10.0.0.1 ',
    '010.0.0.1',
    '10.0.0',
    '10.0.0.1:80',
    'localhost.evil',
    'localhost:1:2:3:4',
    '%',
    '[10.0.0.1',
  ])('that lets everybody in does not let in %j, which is no address', (address) => {
    expect(createAddressRule(['0.0.0.0/0', '::/0', 'local'])(address)).toBe(false);
  });

  test.each(
    [
      '',
      'any',
      'localhost',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/0x8',
      '10.0.0/8',
    ].concat([
      '::/129',
      '::1%eth0',
      'fe80::1%1/64',
      '[::1]',
      '::ffff:10.0.0.0/8',
      '::ffff:10.0.0.0/95',
      '*',
      '10.*',
      '!10.0.0.1',
      ' 10.0.0.1',
      '1e1.0.0.1',
    ]),
  )('is not made of %j', (entry) => {
    expect(() => createAddressRule(['10.0.0.1', entry])).toThrow(TypeError);
  });

  test('is not made of nothing, which could mean everybody or nobody', () => {
    expect(() => createAddressRule([])).toThrow(TypeError);
  });

  test('agrees with arithmetic on every IPv4 block', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (block, address, prefix) => {
        const size = 2 ** (32 - prefix);
        const wanted = Math.floor(toNumber(block) / size) === Math.floor(toNumber(address) / size);
        const rule = createAddressRule([`${block}/${prefix}`]);
        expect(rule(address)).toBe(wanted);
        expect(rule(`::ffff:${address}`)).toBe(wanted);
      }),
    );
  });

  test('never throws for what a socket says', () => {
    const rule = createAddressRule(['10.0.0.0/8', '::/0', 'local']);
    fc.assert(fc.property(fc.string(), (text) => typeof rule(text) === 'boolean'));
    fc.assert(fc.property(fc.ipV6(), (address) => rule(address)));
  });
});
