// Who uses this phone: signing in once, going on without network, and what happens when the sign-in has ended.

import * as api from './api.js';
import * as outbox from './outbox.js';
import * as store from './store.js';

/** Why signing in failed; reason {code, detail}. */
class SignInError extends Error {
  constructor(reason) {
    super(reason.code);
    this.reason = reason;
  }
}

/** The signed-in account, or null when somebody has to sign in first. */
export async function currentAccount() {
  return (await store.getMeta('signed_out')) ? null : (await store.getMeta('account')) || null;
}

/** What is wrong with the session {code, detail}, or null. */
export async function sessionProblem() {
  return (await store.getMeta('session_problem')) || null;
}

/** A name of this phone by which its owner finds it in the list of devices. */
async function deviceName() {
  const hints = navigator.userAgentData;
  const told = await hints?.getHighEntropyValues?.(['model', 'platform']).catch(() => null);
  const model = told?.model || /\(([^;)]+;)?\s*([^;)]+)\)/.exec(navigator.userAgent)?.[2] || '';
  const platform = told?.platform && !model.startsWith(told.platform) ? told.platform : '';
  return `${platform} ${model}`.trim().slice(0, 80) || 'phone';
}

/**
 * Sign in. While it is done nothing is sent: what waits belongs to an account, and goes only under that one.
 */
export function signIn(username, password) {
  return outbox.exclusively(async () => {
    const device = await deviceName();
    const reply = await api.call('POST', '/api/v1/auth/devices', { body: { username, password, role: 'inspector', device } });
    if (reply === null || !reply.isOurs) throw new SignInError({ code: 'offline', detail: '' });
    if (reply.status !== 201) throw new SignInError(api.inWords(reply));
    const me = await api.call('GET', '/api/v1/me');
    if (me?.status !== 200) throw new SignInError(me ? api.inWords(me) : { code: 'offline', detail: '' });
    const { id, name } = me.body;
    const account = { id, name, username, device, expires_at: reply.body.expires_at || null };
    const before = await store.getMeta('account');
    // Another person's copies of cases are not for this one's eyes; what that person filed stays in the outbox.
    if (before && before.id !== id) await store.forgetHeld(before.id);
    await store.setMeta('account', account);
    await store.setMeta('session_problem', undefined);
    await store.setMeta('signed_out', undefined);
    return account;
  });
}

/** Sign out: copies of cases go, the outbox stays. Without network the server is told later. */
export async function signOut() {
  const account = await store.getMeta('account');
  await store.setMeta('signed_out', true);
  if (account) await store.forgetHeld(account.id);
  await endOnServer();
}

/** Tell the server of a sign-out that it does not know of yet. */
export async function endOnServer() {
  await outbox.exclusively(async () => {
    // Asked once it is our turn: whoever signed in meanwhile stays so.
    if (await store.getMeta('signed_out')) await api.call('DELETE', '/api/v1/auth/tokens/current');
  });
}
