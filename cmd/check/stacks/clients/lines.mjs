// Orders in, answers out: what all programs here have in common.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Says what we are, then does as told, one order after the other, until the
 * orders end.
 * @param {string} version
 * @param {Record<string, (order: {sdp?: string}) => unknown>} deeds by order
 */
export async function obey(version, deeds) {
  say({ version });
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    try {
      if (!deeds[order.do]) throw new Error(`this stack can not ${order.do}`);
      say((await deeds[order.do](order)) ?? {});
    } catch (error) {
      say({ error: String(error) });
    }
  }
}

/** @param {unknown} what */
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

/**
 * Waits for the end of gathering: the server is offered candidates with the
 * offer or not at all.
 * @param {RTCPeerConnection} pc
 */
export async function gathered(pc) {
  for (let tries = 0; pc.iceGatheringState !== 'complete' && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { sdp: pc.localDescription?.sdp };
}

/** The version of an installed package. @param {string} name */
export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
}
