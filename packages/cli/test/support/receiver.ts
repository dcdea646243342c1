import { startReceiver } from '@rta/tools';
import { afterTests } from '@rta/tools/after-tests';

/** A receiver that listens until the tests around it are over. Resolves to its URL, without a slash behind it. */
export async function openReceiver(...how: Parameters<typeof startReceiver>): Promise<string> {
  const { url, close } = await startReceiver(...how);
  afterTests(close);
  return url;
}
