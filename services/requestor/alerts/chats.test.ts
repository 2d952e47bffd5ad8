import { expect } from 'chai';
import type { Alert } from '../../../shared/alert/alert.js';
import { ManualClock } from '../../../shared/core/clock.js';
import { discordSender, slackSender, telegramSender } from './chats.js';
import { CHAT_CHARS_MAX } from './limits.js';
import { postNews } from './post.js';
import type { AlertNews, AlertSender } from './sender.js';
import { type Receiver, startReceiver } from './testing/receiver.js';
import { chatText } from './text.js';

const ALERT: Alert = {
  alertId: '01990000-0000-7000-8000-00000000000a',
  client: '',
  alertType: 'exit_failed_critical',
  severity: 'CRITICAL',
  status: 'OPEN',
  title: 'EXIT FAILED - Manual action required',
  message: 'The stop_loss exit of BONK failed 5 times.',
  orderId: '01990000-0000-7000-8000-000000000001',
  positionId: '01990000-0000-7000-8000-000000000002',
  mint: 'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
  symbol: 'BONK',
  attempts: 5,
  requiresAction: true,
  metadata: {},
  dedupKey: 'key',
  repeats: 0,
  createdAt: new Date('2026-01-01T00:00:00.000Z'),
  lastRaisedAt: new Date('2026-01-01T00:00:00.000Z'),
  acknowledgedAt: null,
  acknowledgedBy: 'alice',
  acknowledgeNote: 'on it',
  resolvedAt: null,
  resolvedBy: 'bob',
  resolveNote: 'sold by hand',
};
const news = (part: Partial<AlertNews> = {}, alert: Partial<Alert> = {}): AlertNews => ({
  deliveryId: '01990000-0000-7000-8000-00000000000d',
  event: 'RAISED',
  silent: false,
  alert: { ...ALERT, ...alert },
  sentAt: new Date('2026-01-01T00:00:01.000Z'),
  ...part,
});

const STORY = `The stop_loss exit of BONK failed 5 times.
token: BONK DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263
position: 01990000-0000-7000-8000-000000000002
order: 01990000-0000-7000-8000-000000000001
alert: 01990000-0000-7000-8000-00000000000a
raised: 2026-01-01T00:00:00.000Z`;

describe('X12 an alert in words', () => {
  it('says how bad it is, what happened, and what it is about', () => {
    expect(chatText(news())).to.equal(`[CRITICAL] EXIT FAILED - Manual action required\n${STORY}`);
  });

  it('says who acknowledged and who resolved it, and why', () => {
    const title = 'EXIT FAILED - Manual action required';
    expect(chatText(news({ event: 'ACKNOWLEDGED' }))).to.equal(`[ACKNOWLEDGED by alice] ${title}\non it\n${STORY}`);
    expect(chatText(news({ event: 'RESOLVED' }))).to.equal(`[RESOLVED by bob] ${title}\nsold by hand\n${STORY}`);
  });

  it('lets nothing from outside break lines, hide or turn text, or grow beyond what a chat takes', () => {
    const evil = {
      message: 'a\nb\r\u202ec\u0007d',
      symbol: 'X\u2066Y\n',
      resolvedBy: 'eve\n[CRITICAL]',
      resolveNote: '',
    };
    const [head, message, token] = chatText(news({ event: 'RESOLVED' }, evil)).split('\n');
    expect(head).to.match(/^\[RESOLVED by eve \[CRITICAL\]\] EXIT/);
    expect(message).to.equal('a b c d');
    expect(token).to.match(/^token: XY +Dez/);
    expect(chatText(news({}, { message: 'x'.repeat(5_000) }))).to.have.lengthOf(CHAT_CHARS_MAX);
  });
});

describe('X12 the chats', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const sent = async (sender: AlertSender, what: AlertNews) => {
    await postNews(sender, what, { clock: new ManualClock(), signal: new AbortController().signal });
    const [post] = receiver.received;
    if (!post) throw new Error('nothing was received');
    expect(post.headers['idempotency-key']).to.equal(what.deliveryId);
    return post;
  };

  it('Telegram gets a message without formatting, by its bot', async () => {
    const sender = telegramSender({ apiUrl: receiver.url, token: '1:abc', chatId: '-5' });
    const post = await sent(sender, news({ silent: true }));
    expect(post.path).to.equal('/bot1:abc/sendMessage');
    expect(post.json).to.deep.equal({
      chat_id: '-5',
      text: `[CRITICAL] EXIT FAILED - Manual action required\n${STORY}`,
      disable_notification: true,
      link_preview_options: { is_disabled: true },
    });
  });

  it('Discord gets a block in which nothing is a link, a mention or bold, however a token is named', async () => {
    const evil = { symbol: '``` @everyone [free](https://evil.example) ```' };
    const { json } = await sent(discordSender({ url: `${receiver.url}/api/webhooks/1/key` }), news({}, evil));
    expect(json.allowed_mentions).to.deep.equal({ parse: [] });
    expect(json.flags).to.equal(0);
    const content = String(json.content);
    expect(content.startsWith('```\n[CRITICAL] EXIT FAILED')).to.equal(true);
    expect(content.slice(4, -4)).not.to.contain('`');
    expect(content.length).to.be.at.most(2_000);
    expect(discordSender({ url: receiver.url }).post(news({ silent: true })).body).to.contain('"flags":4096');
  });

  it('Discord takes the longest alert there can be', () => {
    const long = news({ event: 'RESOLVED' }, { message: 'x'.repeat(5_000), resolvedBy: 'z'.repeat(200) });
    const { content } = JSON.parse(discordSender({ url: receiver.url }).post(long).body) as { content: string };
    expect(content.length).to.be.at.most(2_000);
  });

  it('Slack gets text in which nothing is a link or a mention', async () => {
    const { json } = await sent(
      slackSender({ url: `${receiver.url}/x` }),
      news({}, { symbol: '<!channel> <https://evil|a> &' }),
    );
    expect(json).to.include({ mrkdwn: false, unfurl_links: false, unfurl_media: false });
    expect(json.text).to.contain('&lt;!channel&gt; &lt;https://evil|a&gt; &amp;').and.not.match(/[<>]/);
  });
});
