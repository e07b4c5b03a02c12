/** Signing in: the published examples, what cameras really send, and when to try again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerDigest, readChallenges, SignIn, strongest } from '../../../src/engine/rtsp/digest.ts';

const responseOf = (line: string, use: Partial<Parameters<typeof answerDigest>[1]>): string => {
  const answer = answerDigest(readChallenges([line])[0]!, {
    user: 'Mufasa',
    password: 'Circle of Life',
    method: 'GET',
    uri: '/dir/index.html',
    cnonce: '',
    count: 1,
    ...use,
  });
  return /response="([0-9a-f]+)"/.exec(answer)![1]!;
};

test('the examples of RFC 2069, 2617 and 7616 come out as printed', () => {
  const old =
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  assert.equal(responseOf(old, { password: 'CircleOfLife' }), '1949323746fe6a43ef61f9606e7febea');
  assert.equal(
    responseOf(`${old}, qop="auth,auth-int"`, { password: 'Circle Of Life', cnonce: '0a4f113b' }),
    '6629fae49393a05397450978507c4ef1',
  );
  const line =
    'Digest realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';
  assert.equal(responseOf(`${line}, algorithm=MD5`, { cnonce }), '8ca523f5e9506fed4657c9700eebdbec');
  assert.equal(
    responseOf(`${line}, algorithm=SHA-256`, { cnonce }),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('the strongest offer is taken, however the offers are written', () => {
  const of = (...lines: string[]): string => {
    const best = strongest(readChallenges(lines));
    return best === null ? 'none' : `${best.scheme} ${best.values.get('algorithm') ?? '-'}`;
  };
  const md5 = 'Digest realm="a", nonce="1"';
  const sha = 'Digest realm="a", nonce="2", algorithm=SHA-256';
  assert.equal(of('Basic realm="a"', md5, sha), 'digest SHA-256');
  assert.equal(of(`Basic realm="a", ${md5}`), 'digest -');
  assert.equal(of(`${sha}, ${md5}`), 'digest SHA-256');
  assert.equal(of('Basic realm=cam'), 'basic -');
  assert.equal(of('digest  realm = "a,b=c" , nonce=xyz,stale=FALSE,algorithm="md5"'), 'digest md5');
  assert.equal(of('Digest realm="a", nonce="1", algorithm=SHA3'), 'none');
  assert.equal(of('Digest realm="a", nonce="1", qop="auth-int"'), 'none');
  assert.equal(of('NTLM', 'Negotiate abc=='), 'none');
});

test('only what was offered is echoed', () => {
  const use = { user: 'a', password: 'b', method: 'OPTIONS', uri: 'rtsp://h/', cnonce: 'c', count: 1 };
  const plain = answerDigest(readChallenges(['Digest realm="r", nonce="n"'])[0]!, use);
  assert.doesNotMatch(plain, /algorithm|opaque|qop|cnonce|nc=/);
  const full = answerDigest(
    readChallenges(['Digest realm="r", nonce="n", algorithm="SHA-256", qop=auth, opaque=""'])[0]!,
    use,
  );
  assert.match(full, /algorithm=SHA-256, opaque="", qop=auth, nc=00000001, cnonce="c"/);
  const quoted = answerDigest(readChallenges(['Digest realm="a \\"b\\"", nonce="n"'])[0]!, {
    ...use,
    user: 'x"y\\z',
  });
  assert.match(quoted, /username="x\\"y\\\\z", realm="a \\"b\\""/);
});

test('a new nonce earns one more try in mid-session, a wrong password none', () => {
  const signIn = (): SignIn => new SignIn('admin', 'secret', () => 'cn');
  const challenge = (nonce: string, more = ''): string[] => [`Digest realm="r", nonce="${nonce}"${more}`];
  const wrong = signIn();
  assert.equal(wrong.challenged(challenge('1'), 0), 'retry');
  assert.equal(
    wrong.challenged(challenge('2'), 1),
    'bad-credentials',
    'servers give a new nonce with each 401',
  );
  const session = signIn();
  session.challenged(challenge('1'), 0);
  session.accepted();
  assert.equal(session.challenged(challenge('2'), 1), 'retry');
  assert.equal(session.challenged(challenge('3'), 2), 'bad-credentials');
  const staling = signIn();
  staling.challenged(challenge('1'), 0);
  assert.equal(staling.challenged(challenge('2', ', stale=true'), 1), 'retry');
  assert.equal(staling.challenged(challenge('2', ', stale=true'), 2), 'bad-credentials');
  assert.equal(new SignIn('', '', () => 'cn').challenged(challenge('1'), 0), 'needs-credentials');
  assert.equal(signIn().challenged(['NTLM'], 0), 'unsupported');
  assert.equal(SignIn.schemes(['Digest realm="x", nonce="n", algorithm=SHA3', 'NTLM']), 'digest SHA3, ntlm');
});

test('the count goes up with each use of a nonce and begins anew with the next', () => {
  const signIn = new SignIn('a', 'b', () => 'cn');
  const count = (): string | undefined =>
    /nc=(\d+)/.exec(signIn.authorize('OPTIONS', 'rtsp://h/') ?? '')?.[1];
  signIn.challenged(['Digest realm="r", nonce="1", qop="auth"'], 0);
  assert.deepEqual([count(), count()], ['00000001', '00000002']);
  signIn.accepted();
  signIn.challenged(['Digest realm="r", nonce="2", qop="auth"'], 1);
  assert.equal(count(), '00000001');
});

test('no challenge, however written, makes the reader fail or tells the password', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'Digest Basic realm nonce="=,\\\' \tqop:auth/%\r\n'),
    maxLength: 300,
  });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 20 }), (lines) => {
      const signIn = new SignIn('admin', 'pa55word', () => 'cn');
      signIn.challenged(lines, 0);
      const header = signIn.authorize('DESCRIBE', 'rtsp://h/a') ?? '';
      assert.ok(!header.includes('pa55word') && !/[\r\n]/.test(header));
    }),
    { numRuns: 3000 },
  );
});
