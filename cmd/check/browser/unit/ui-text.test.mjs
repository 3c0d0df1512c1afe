// What people write is harmless: names, links, commands, room names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkify } from '../../../../transport/httpd/web/lib/linkify.js';
import { COLOURS, colourOf, initials, inline } from '../../../../transport/httpd/web/lib/names.js';
import { route, siteOf } from '../../../../transport/httpd/web/lib/route.js';
import { readTyped, roomMeant } from '../../../../transport/httpd/web/lib/typed.js';
import { COMMANDS, parseLine, suggest } from '../../../../transport/httpd/web/lib/slash.js';

const HOSTILE = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'javascript:alert(1)', '\u202egnp.exe\u202c', '\u200b\u200d\ufeff', 'x'.repeat(10_000), '🏳️‍🌈👩‍👩‍👧‍👦𝕏', '\ud800', 'ﷺ'.repeat(100), ''];

test('initials fit people of several scripts', () => {
  const said = { 'Ada Lovelace': 'AL', ada: 'A', 'Juan Carlos de la Vega': 'JV', 王小明: '小明', 李静: '李静', 欧阳娜娜: '娜娜', 'Yuki 田中': '田中', 'مريم العلي': 'ما', '  ': '?', 'x.y': 'XY', '🙂 Ben': '🙂B', '***': '*' };
  for (const [name, want] of Object.entries(said)) assert.equal(initials(name), want, name);
});

test('initials and colours of hostile names are short and stable', () => {
  for (const name of HOSTILE) {
    assert.ok(initials(name).length <= 30, JSON.stringify(name.slice(0, 20)));
    assert.ok(!/[\u202a-\u202e\u200b]/.test(initials(name)));
    assert.equal(colourOf(name), colourOf(name));
    assert.ok(colourOf(name) >= 0 && colourOf(name) < COLOURS);
  }
});

test('a name inside a sentence can not leave its line, its length or its direction', () => {
  for (const name of HOSTILE) {
    const safe = inline(name);
    assert.ok([...safe].length <= 42);
    assert.ok(!/[\n\r\u202a-\u202e\u200b\u2066\u2067\u0000]/.test(safe), JSON.stringify(safe));
  }
  assert.equal(inline('a\n\tb'), 'a b');
  assert.match(inline('مريم'), /^\u2068.*\u2069$/);
  assert.equal(inline('Ada'), 'Ada');
  assert.equal(inline('👩\u200d👧 🏳\ufe0f\u200d🌈 \u200d'), '👩\u200d👧 🏳\ufe0f\u200d🌈', 'emoji stay together');
});

test('links are found, and only http and https become links', () => {
  const links = (/** @type {string} */ text) => linkify(text).flatMap((p) => (p.href ? [p.text] : []));
  assert.deepEqual(links('see https://a.example/b?c=d#e. And http://x.org/(y)!'), ['https://a.example/b?c=d#e', 'http://x.org/(y)']);
  assert.deepEqual(links('(https://a.example/x)'), ['https://a.example/x']);
  assert.deepEqual(links('看 https://a.example/页面，谢谢'), ['https://a.example/页面，谢谢'].map((s) => s.replace(/，.*$/, '，谢谢')));
  assert.deepEqual(links('javascript:alert(1) data:text/html,x ftp://a.b file:///etc'), []);
  assert.deepEqual(links('https://user:pass@evil.example/'), [], 'an address that pretends to be another');
  assert.deepEqual(links('http://<b>'), []);
});

test('the pieces of a text are the text', () => {
  for (const text of [...HOSTILE, 'a https://x.org/ b http://y.org. c', 'https://', 'http://http://x.org']) {
    assert.equal(linkify(text).map((p) => p.text).join(''), text);
    for (const { href } of linkify(text)) assert.ok(href === undefined || /^https?:\/\//.test(href));
  }
});

test('a long text without links is read in time', () => {
  const start = performance.now();
  linkify('http:// '.repeat(5_000));
  linkify(`https://x.org/${'('.repeat(4_000)}${')'.repeat(4_000)}`);
  assert.ok(performance.now() - start < 1_000);
});

const HERE = siteOf(undefined, new URL('https://meet.example/'));

test('names and links to this server, in any spelling of it, are asked for as typed', () => {
  const said = {
    'abc-defg-hij': 'abc-defg-hij', 'https://meet.example/r/Tea?x=1#y': 'Tea', '/r/Team': 'Team', 'r/Team': 'Team', 'meet.example/r/team': 'team',
    ' Design Review ': 'Design Review', 设计评审: '设计评审', 'İstanbul': 'İstanbul', 'cafe\u0301.': 'cafe\u0301.', 'javascript:alert(1)': 'javascript:alert(1)', '..': '..',
    'http://MEET.example./r/tea': 'tea', 'https://meet.example:443/abc-defg-hij': 'abc-defg-hij', 'http://meet.example:80/r/tea/': 'tea', '//meet.example/r/x': 'x',
    'https://user:word@meet.example/r/x': 'x', 'HTTPS://meet.example/r/x': 'x', 'meet.example/abc-defg-hij': 'abc-defg-hij',
  };
  for (const [typed, room] of Object.entries(said)) assert.deepEqual(readTyped(typed, HERE), { to: 'here', room }, typed);
  const local = siteOf(undefined, new URL('http://localhost:8443/'));
  for (const typed of ['http://127.0.0.1:8443/r/x', 'https://[::1]:8443/r/x', 'localhost:8443/r/x']) assert.deepEqual(readTyped(typed, local), { to: 'here', room: 'x' }, typed);
});

test('a link to another server is asked about, by the host it really has', () => {
  const said = {
    'https://other.example/r/tea': 'other.example', 'other.example/r/tea': 'other.example', 'http://other.example:9000/abc-defg-hij': 'other.example:9000',
    'https://meet.example:9000/r/tea': 'meet.example:9000', 'https://meet.example.evil.example/r/x': 'meet.example.evil.example', 'https://meet.example@evil.example/r/x': 'evil.example',
    '//evil.example/r/x': 'evil.example', 'https:\\\\evil.example/r/x': 'evil.example', 'https://video.example/j/123?pwd=4': 'video.example', 'https://mеet.example/r/x': 'xn--met-qdd.example',
  };
  for (const [typed, host] of Object.entries(said)) {
    const got = readTyped(typed, HERE);
    assert.equal(got.to, 'elsewhere', typed);
    if (got.to !== 'elsewhere') continue;
    assert.equal(got.host.replace(/xn--[^.]+/, 'xn--met-qdd'), host, typed);
    const url = new URL(got.href);
    assert.ok(/^https?:$/.test(url.protocol) && url.host === got.host && !url.username && !url.password, got.href);
  }
});

test('what is neither name nor link of the web leads nowhere', () => {
  for (const typed of ['', ' ', 'a/b', '/', '/test', 'javascript://other.example/r/x', 'javascript:alert(1)//r/x', 'ftp://other.example/r/x', 'https://other.example:99999/r/x', 'https://meet.example/', 'https://meet.example/r/%', 'https://', '\ud800']) {
    assert.deepEqual(readTyped(typed, HERE), { to: 'nowhere' }, typed);
  }
});

test('a server below a path is where its links lead, not its host', () => {
  const meet = siteOf('https://meet.example/meet', new URL('https://meet.example/meet/'));
  const own = ['https://meet.example/meet/r/tea', 'meet.example/meet/r/tea', 'http://meet.example:80/meet/r/tea/', '/r/tea', 'r/tea', '/meet/r/tea', 'tea'];
  for (const typed of own) assert.deepEqual(readTyped(typed, meet), { to: 'here', room: 'tea' }, typed);
  for (const typed of ['https://meet.example/r/tea', 'meet.example/r/tea', 'https://meet.example/meeting/r/tea', '//meet.example/r/tea']) assert.equal(readTyped(typed, meet).to, 'elsewhere', typed);
  assert.deepEqual(readTyped('https://meet.example/meet', meet), { to: 'nowhere' });
  // By another name, and past the proxy: links that are passed on lead here as well.
  const past = siteOf('https://meet.example/meet', new URL('http://192.0.2.1:8443/r/tea'));
  for (const typed of ['https://meet.example/meet/r/tea', 'http://192.0.2.1:8443/r/tea', '/r/tea']) assert.deepEqual(readTyped(typed, past), { to: 'here', room: 'tea' }, typed);
});

test('one place knows where the server lives', () => {
  const meet = siteOf('https://meet.example/meet', new URL('http://127.0.0.1:8443/meet/r/tea'));
  assert.deepEqual([meet.url, meet.here, meet.at('/test')], ['https://meet.example/meet', 'http://127.0.0.1:8443/meet', '/meet/test']);
  assert.deepEqual(['/meet/r/tea', '/meet', '/meet/'].map(meet.below), ['/r/tea', '/', '/']);
  assert.deepEqual(route(meet.below('/other')), { page: 'lost' });
  const past = siteOf('https://meet.example/meet', new URL('http://127.0.0.1:8443/r/tea'));
  assert.deepEqual([past.url, past.here, past.at('/test'), past.below('/r/meet')], ['https://meet.example/meet', 'http://127.0.0.1:8443', '/test', '/r/meet']);
  const root = siteOf('https://meet.example', new URL('https://meet.example/r/tea'));
  assert.deepEqual([root.url, root.here, root.at('/'), root.below('/r/tea')], ['https://meet.example', 'https://meet.example', '/', '/r/tea']);
  const unnamed = siteOf(undefined, new URL('http://localhost:8443/'));
  assert.deepEqual([unnamed.url, unnamed.here, unnamed.at('/'), unnamed.below('/')], ['http://localhost:8443', 'http://localhost:8443', '/', '/']);
});

test('which room is meant, the server says', async () => {
  const asked = /** @type {string[]} */ ([]);
  const says = (/** @type {unknown} */ body) => /** @type {typeof fetch} */ (async (url) => (asked.push(String(url)), new Response(JSON.stringify(body))));
  assert.equal(await roomMeant('Tea & cake.', 'https://h/meet', says({ title: 'Tea' })), 'Tea');
  assert.deepEqual(asked, ['https://h/meet/api/v1/room?name=Tea%20%26%20cake.']);
  assert.equal(await roomMeant('a<', 'https://h', says({ title: '' })), '', 'no name');
  assert.equal(await roomMeant('tea', 'https://h', says({ code: 'rate_limited' })), 'tea', 'joining tells');
  assert.equal(await roomMeant('tea', 'https://h', async () => new Response('<html>', { status: 502 })), 'tea');
  assert.equal(await roomMeant('tea', 'https://h', async () => Promise.reject(new TypeError('unreachable'))), 'tea');
});

test('addresses become pages; hostile ones a page that says so', () => {
  assert.deepEqual(route('/'), { page: 'landing' });
  assert.deepEqual(route('/test/'), { page: 'test' });
  assert.deepEqual(route('/r/Team'), { page: 'room', room: 'Team' });
  assert.deepEqual(route('/abc-defg-hij'), { page: 'room', room: 'abc-defg-hij' });
  assert.deepEqual(route('/r/'), { page: 'landing' });
  for (const path of ['/r/%E0%A4%A', '/r/a/b', '/r/%20']) assert.deepEqual(route(path), { page: 'bad-room' }, path);
  assert.deepEqual(route('/whatever'), { page: 'lost' });
});

const PEOPLE = [{ id: '1', name: 'Ann' }, { id: '2', name: 'Ann Lee' }, { id: '3', name: 'Ben' }, { id: '4', name: 'Benno' }, { id: '5', name: '王小明' }];

test('lines are texts, commands or problems', () => {
  assert.deepEqual(parseLine('hello /mute', PEOPLE), { kind: 'text', text: 'hello /mute' });
  assert.deepEqual(parseLine('//mute', PEOPLE), { kind: 'text', text: '/mute' });
  assert.deepEqual(parseLine('/MUTE', PEOPLE), { kind: 'command', name: 'mute', text: '', person: '' });
  assert.deepEqual(parseLine('/caption  two words', PEOPLE), { kind: 'command', name: 'caption', text: 'two words', person: '' });
  assert.equal(parseLine('/caption', PEOPLE).kind, 'problem');
  assert.equal(parseLine('/nope x', PEOPLE).kind, 'problem');
  assert.equal(parseLine('/', PEOPLE).kind, 'problem');
});

test('private messages find the person', () => {
  const to = (/** @type {string} */ line) => {
    const p = parseLine(line, PEOPLE);
    return p.kind === 'command' ? `${p.person}:${p.text}` : p.kind === 'problem' ? p.key : p.text;
  };
  assert.equal(to('/msg Ann Lee hi there'), '2:hi there');
  assert.equal(to('/msg ann hi'), '1:hi');
  assert.equal(to('/msg "Ann Lee" hi'), '2:hi');
  assert.equal(to('/msg 王小明 你好'), '5:你好');
  assert.equal(to('/msg @Benn hi'), '4:hi');
  assert.equal(to('/msg Be hi'), 'slash.ambiguous');
  assert.equal(to('/msg Zoe hi'), 'slash.noPerson');
  assert.equal(to('/msg Ben'), 'slash.missing');
  assert.equal(to('/msg'), 'slash.missing');
  for (const text of HOSTILE) assert.ok(parseLine(`/msg ${text}`, PEOPLE).kind);
});

test('typing a stroke suggests commands', () => {
  assert.equal(suggest('/').length, COMMANDS.length);
  assert.deepEqual(suggest('/un').map((c) => c.name), ['unmute']);
  assert.deepEqual(suggest('/mute now'), []);
  assert.deepEqual(suggest('hello'), []);
});
