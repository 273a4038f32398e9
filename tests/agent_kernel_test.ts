// Sockets by Linux's own calls: times that the kernel took, addresses as it wants them.
import { deepEqual, equal, ok } from "node:assert/strict";
import { socketAddress } from "../pipeline/agent/socket/address.ts";
import { kernelConnect, kernelListen } from "../pipeline/agent/socket/kernel_connect.ts";
import { KernelSocket } from "../pipeline/agent/socket/kernel_socket.ts";
import { Poller } from "../pipeline/agent/socket/poller.ts";
import { type Libc, SO_TIMESTAMPNS, SOL_SOCKET } from "../pipeline/agent/socket/libc.ts";
import { MOST_DRIFT_MS, StampedReader } from "../pipeline/agent/socket/stamped.ts";
import type { Socket } from "../pipeline/agent/socket/socket.ts";

const never = new AbortController().signal;
const linux = Deno.build.os === "linux";
const SKIPPED = linux ? "" : " (skipped: this is no Linux)";

/** Two ends of one connection. */
async function pair(poller: Poller): Promise<[Socket, Socket]> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const port = kernelListen(poller, resolve);
  return [await kernelConnect(poller, { hostname: "127.0.0.1", port }, never), await promise];
}

Deno.test({
  name: `bytes have the time at which they came, however late they are read${SKIPPED}`,
  ignore: !linux,
  fn: async () => {
    using poller = Poller.open() ?? fail();
    const [near, far] = await pair(poller);
    let stamps = 0;
    for (let round = 0; round < ROUNDS && stamps === 0; round++) {
      const { before, after, at, read } = await lateRead(near, far, round);
      ok(before - MOST_DRIFT_MS <= at && at <= read, `sent ${before} to ${after}, came ${at}, read ${read}`);
      if (at <= after + MOST_DRIFT_MS) stamps += 1;
    }
    ok(poller.reader.stamped);
    // Where this process was kept from the processor between two readings of the clocks, the time of reading stands in.
    equal(stamps, 1, "no byte has the time at which it came");
    near[Symbol.dispose]();
    equal(await far.receive(() => true), "closed");
    far[Symbol.dispose]();
  },
});

const ROUNDS = 200;

/** Sends a byte and reads it long after: when it was sent, when it is said to have come, when it was read. */
async function lateRead(near: Socket, far: Socket, byte: number) {
  const before = performance.now();
  far.send(Uint8Array.of(byte));
  const after = performance.now();
  while (performance.now() < after + 20);
  const { promise, resolve } = Promise.withResolvers<number>();
  const rest = await near.receive((bytes, at) => {
    deepEqual([...bytes], [byte]);
    resolve(at);
    return false;
  });
  equal(rest, "enough");
  return { before, after, at: await promise, read: performance.now() };
}

Deno.test("a server that floods a socket leaves every turn of this program to others too", async () => {
  let reads = 0;
  let turn = () => {};
  const read = () => {
    if (++reads > 1000) throw new Error("nobody else has had a turn");
    return "bytes";
  };
  const poller = {
    libc: { calls: { setsockopt: () => 0, close: () => 0 } },
    reader: { read, bytes: new Uint8Array(1), at: 0, full: true },
    watch: (_fd: number, _events: number, ready: () => void) => turn = ready,
    unwatch: () => undefined,
  } as unknown as Poller;
  const socket = new KernelSocket(poller, 7);
  let taken = 0;
  const rest = socket.receive(() => ++taken < 40);
  const turns: number[] = [];
  for (let n = 0; n < 3; n++) {
    turn();
    turns.push(taken);
  }
  deepEqual([await rest, turns], ["enough", [16, 32, 40]]);
});

/** A C library whose every read brings one byte, with the kernel's time where `stamps` says so of the n-th. */
function libcThatStamps(stamps: (n: number) => boolean): Libc {
  let n = 0;
  const seconds = (words: Uint32Array) => words.set([Math.floor(Date.now() / 1000), 0, 0, 0]);
  const recvmsg = (_: number, header: Uint32Array) => {
    const at = new BigUint64Array(header.buffer)[4] ?? 0n;
    const control = new Uint32Array(
      new Deno.UnsafePointerView(Deno.UnsafePointer.create(at) ?? fail()).getArrayBuffer(64),
    );
    header[10] = stamps(n++) ? 32 : 0;
    control.set([0, 0, SOL_SOCKET, SO_TIMESTAMPNS]);
    seconds(control.subarray(4, 8));
    return 1n;
  };
  return {
    calls: { recvmsg, clock_gettime: (_: number, words: Uint32Array) => seconds(words) },
  } as unknown as Libc;
}

Deno.test({
  name:
    `a kernel whose first bytes have no time yet is taken for one that tells times, and one that never does is not${SKIPPED}`,
  ignore: !linux,
  fn: () => {
    for (
      const [stamps, expected] of [[(n: number) => n >= 3, true], [(n: number) => n % 9 !== 8, true], [
        () => false,
        false,
      ]] as const
    ) {
      const reader = new StampedReader(libcThatStamps(stamps));
      for (let n = 0; n < 100; n++) {
        reader.compareClocks();
        equal(reader.read(7), "bytes");
      }
      equal(reader.stamped, expected);
    }
  },
});

Deno.test({
  name: `more than the system takes at once goes out whole and in order${SKIPPED}`,
  ignore: !linux,
  fn: async () => {
    using poller = Poller.open() ?? fail();
    const [near, far] = await pair(poller);
    const size = 8 * 1024 * 1024;
    near.send(Uint8Array.from({ length: size }, (_, at) => at % 251));
    near.send(Uint8Array.of(7));
    let came = 0;
    let wrong = 0;
    const rest = far.receive((bytes) => {
      for (const byte of bytes) {
        if (byte !== (came === size ? 7 : came % 251)) wrong += 1;
        came += 1;
      }
      return came <= size;
    });
    equal(await near.flush(), null);
    deepEqual([await rest, came, wrong], ["enough", size + 1, 0]);
    far[Symbol.dispose]();
    near[Symbol.dispose]();
  },
});

Deno.test("an address is its family, its port and its bytes, and a name is none", () => {
  const hex = (address: string) => {
    const { bytes, length } = socketAddress(address, 0x1f90) ?? fail();
    return bytes.subarray(0, length).toHex();
  };
  equal(hex("127.0.0.1"), "02001f907f0000010000000000000000");
  equal(hex("::1"), `0a001f9000000000${"00".repeat(15)}0100000000`);
  equal(hex("2001:db8::a:1"), "0a001f900000000020010db80000000000000000000a000100000000");
  equal(hex("::ffff:1.2.3.4"), "0a001f900000000000000000000000000000ffff0102030400000000");
  equal(socketAddress("localhost", 1), null);
});

function fail(): never {
  throw new Error("Linux's calls cannot be had");
}
