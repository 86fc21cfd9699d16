/** What two works give that go on side by side. Whatever becomes of one, the other has ended before anything else begins. */
export async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other])
  return Promise.all([one, other])
}
