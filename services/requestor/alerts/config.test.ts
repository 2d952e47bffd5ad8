import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { ALERT_TYPES } from '../../../shared/alert/alert.js';
import { readEnv } from '../../../shared/core/env.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { packageRoot } from '../../../shared/core/package-root.js';
import { ALERT_SETTINGS, alertConfigOf, modeIn, NO_ALERT_SENDERS, sendersOf } from './config.js';

const config = (env: NodeJS.ProcessEnv) => alertConfigOf(readEnv(ALERT_SETTINGS, env));

/** What is wrong with these settings, by name. */
function wrong(env: NodeJS.ProcessEnv): Record<string, string> {
  try {
    config(env);
  } catch (error) {
    if (!(error instanceof ExitlaneError)) throw error;
    expect(error.reason).to.equal('CONFIG_INVALID');
    const secrets = Object.entries(env).filter(([name]) => name !== 'ALERT_EVENTS');
    for (const [, value] of secrets) expect(error.message).not.to.contain(value);
    return Object.fromEntries(error.violations.map(({ field, description }) => [field, description]));
  }
  return {};
}

describe('X12 O4 settings of alert senders', () => {
  it('are off unless set', () => {
    expect(sendersOf(config({}))).to.deep.equal([]);
    expect(sendersOf(NO_ALERT_SENDERS)).to.deep.equal([]);
    expect(modeIn(config({}))('exit_failed_critical')).to.equal('on');
  });

  it('switch each sender on by itself', () => {
    const all = {
      ALERT_WEBHOOK_URL: 'https://ops.example/hook',
      ALERT_WEBHOOK_SECRET: '0123456789abcdef',
      TELEGRAM_BOT_TOKEN: '123456:ABC-DEF1234ghIkl',
      TELEGRAM_CHAT_ID: '-1001234',
      DISCORD_WEBHOOK_URL: 'https://discord.com/api/webhooks/1/key',
      SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/key',
    };
    const senders = sendersOf(config(all));
    expect(senders.map(({ name, host }) => `${name} ${host}`)).to.deep.equal([
      'webhook ops.example',
      'telegram api.telegram.org',
      'discord discord.com',
      'slack hooks.slack.com',
    ]);
    expect(sendersOf(config({ SLACK_WEBHOOK_URL: all.SLACK_WEBHOOK_URL })).map(({ name }) => name)).to.deep.equal([
      'slack',
    ]);
    expect(
      config({ ...all, TELEGRAM_CHAT_ID: '@channel', TELEGRAM_API_URL: 'http://127.0.0.1:1//' }).telegram,
    ).to.deep.equal({
      apiUrl: 'http://127.0.0.1:1',
      token: all.TELEGRAM_BOT_TOKEN,
      chatId: '@channel',
    });
  });

  it('say by type what is sent, and how', () => {
    const mode = modeIn(
      config({ ALERT_EVENTS: 'exit_failed_critical=on, order_unknown = silent,price_unavailable=off' }),
    );
    const types = ['exit_failed_critical', 'order_unknown', 'price_unavailable', 'exit_blocked', 'of a newer version'];
    expect(types.map(mode)).to.deep.equal(['on', 'silent', 'off', 'on', 'on']);
  });

  for (const value of [
    'everything=on',
    'order_unknown',
    'order_unknown=loud',
    'order_unknown=on,order_unknown=off',
    'a,',
    '=',
  ]) {
    it(`refuse ALERT_EVENTS=${value} with what is possible`, () => {
      expect(wrong({ ALERT_EVENTS: value }).ALERT_EVENTS).to.contain('exit_failed_critical=on,order_unknown=silent');
    });
  }

  for (const url of [
    'http://hooks.slack.com/services/x',
    'ftp://127.0.0.1/',
    'slack',
    'https://user:password@example.com/',
    'http://localhost.example.com/',
  ]) {
    it(`refuse to send secrets to ${url}`, () => {
      expect(wrong({ SLACK_WEBHOOK_URL: url }).SLACK_WEBHOOK_URL).to.contain('must be an https:// address');
    });
  }

  for (const url of [
    'http://127.0.0.1:8080/x',
    'http://[::1]:8080/x',
    'http://localhost/x',
    'https://example.com/x?y=z',
  ]) {
    it(`take ${url}`, () => expect(wrong({ DISCORD_WEBHOOK_URL: url })).to.deep.equal({}));
  }

  it('name every setting that is wrong or missing, and never show what it holds', () => {
    const fields = wrong({
      ALERT_WEBHOOK_URL: 'http://example.com/secret-path',
      ALERT_WEBHOOK_SECRET: 'too-short',
      TELEGRAM_BOT_TOKEN: 'not a bot token',
      TELEGRAM_CHAT_ID: 'me and you',
    });
    expect(Object.keys(fields)).to.have.members([
      'ALERT_WEBHOOK_URL',
      'ALERT_WEBHOOK_SECRET',
      'TELEGRAM_BOT_TOKEN',
      'TELEGRAM_CHAT_ID',
    ]);
    const halves = wrong({ ALERT_WEBHOOK_URL: 'https://example.com/hook-1', TELEGRAM_CHAT_ID: '4711' });
    expect(halves).to.deep.equal({
      ALERT_WEBHOOK_SECRET: 'is required: ALERT_WEBHOOK_URL and ALERT_WEBHOOK_SECRET go together',
      TELEGRAM_BOT_TOKEN: 'is required: TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_ID go together',
    });
  });

  it('and types of alerts are all documented', () => {
    const document = (name: string) => readFileSync(path.join(packageRoot(), 'docs', name), 'utf8');
    const [settings, types] = [document('settings.md'), document('alerts.md')];
    for (const name of Object.keys(ALERT_SETTINGS)) expect(settings).to.contain(`\`${name}\``);
    for (const type of ALERT_TYPES) expect(types).to.contain(`| \`${type}\``);
  });
});
