import { z } from 'zod';
import { ALERT_TYPES, type AlertType } from '../../../shared/alert/alert.js';
import { ExitlaneError } from '../../../shared/core/errors.js';
import { isLoopbackHost } from '../../../shared/grpc/loopback.js';
import { discordSender, slackSender, type TelegramConfig, telegramSender } from './chats.js';
import type { AlertSender } from './sender.js';
import { type WebhookConfig, webhookSender } from './webhook.js';

export type AlertMode = 'on' | 'silent' | 'off';

/** Where news of alerts go. Without any, alerts are records only. */
export interface AlertConfig {
  readonly webhook?: WebhookConfig | undefined;
  readonly telegram?: TelegramConfig | undefined;
  readonly discord?: { readonly url: string } | undefined;
  readonly slack?: { readonly url: string } | undefined;
  /** Types that are not listed are on. */
  readonly modes: Readonly<Partial<Record<AlertType, AlertMode>>>;
}

export const NO_ALERT_SENDERS: AlertConfig = { modes: {} };

/** A receiver's address: secrets go there, so only over TLS, unless it is this machine. */
const receiver = z.string().refine(isReceiver, {
  message: 'must be an https:// address without user name or password (http:// only for this machine)',
});

function isReceiver(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  return (
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname.replace(/^\[|\]$/g, '')))
  );
}

const MODES: readonly AlertMode[] = ['on', 'silent', 'off'];

const events = z.string().transform((text, context) => {
  const modes: Partial<Record<AlertType, AlertMode>> = {};
  for (const part of text.split(',').map((each) => each.trim())) {
    const [name = '', mode = ''] = part.split('=').map((each) => each.trim());
    const type = ALERT_TYPES.find((known) => known === name);
    const wanted = MODES.find((known) => known === mode);
    if (type && wanted && !(type in modes)) modes[type] = wanted;
    else {
      const message = `must be a list such as exit_failed_critical=on,order_unknown=silent: each of ${ALERT_TYPES.join(', ')} at most once, ${MODES.join(', ')}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
  }
  return modes;
});

/** The environment variables, for `readEnv`. */
export const ALERT_SETTINGS = {
  ALERT_WEBHOOK_URL: receiver.optional().meta({
    description: 'Receiver of signed JSON; goes with `ALERT_WEBHOOK_SECRET`.',
    secrecy: 'address',
  }),
  ALERT_WEBHOOK_SECRET: z.string().min(16, 'must have at least 16 characters').optional().meta({
    description: 'What that JSON is signed with.',
    secrecy: 'secret',
    allowed: 'at least 16 characters',
  }),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(
      /^\d{1,20}:[A-Za-z0-9_-]{10,100}$/,
      "must be a bot's token as @BotFather gives it, such as 123456:ABC-DEF...",
    )
    .optional()
    .meta({ description: 'Token of the bot; goes with `TELEGRAM_CHAT_ID`.', secrecy: 'secret' }),
  TELEGRAM_CHAT_ID: z
    .string()
    .regex(/^(-?\d{1,20}|@\w{1,64})$/, 'must be the number of a chat, or @name of a channel')
    .optional()
    .meta({ description: 'The chat it writes to.' }),
  TELEGRAM_API_URL: receiver
    .default('https://api.telegram.org')
    .meta({ description: 'A Bot API server of your own.', secrecy: 'address' }),
  DISCORD_WEBHOOK_URL: receiver.optional().meta({ description: "A channel's webhook.", secrecy: 'address' }),
  SLACK_WEBHOOK_URL: receiver.optional().meta({ description: 'An incoming webhook.', secrecy: 'address' }),
  ALERT_EVENTS: events.default({}).meta({
    description:
      'By type of alert `on`, `silent` or `off`: `exit_failed_critical=on,order_unknown=silent`; what is not named is on.',
    allowed: 'a list of `type=mode`; types are in [alerts](alerts.md)',
    defaultText: 'all `on`',
  }),
};

type AlertSettings = z.infer<z.ZodObject<typeof ALERT_SETTINGS>>;

/** @throws CONFIG_INVALID when one of two settings that go together is missing */
export function alertConfigOf(settings: AlertSettings): AlertConfig {
  const { ALERT_WEBHOOK_URL: hook, ALERT_WEBHOOK_SECRET: secret } = settings;
  const { TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_ID: chatId } = settings;
  const { DISCORD_WEBHOOK_URL: discord, SLACK_WEBHOOK_URL: slack } = settings;
  requirePairs(settings);
  return {
    webhook: hook && secret ? { url: hook, secret } : undefined,
    telegram: token && chatId ? { apiUrl: settings.TELEGRAM_API_URL.replace(/\/+$/, ''), token, chatId } : undefined,
    discord: discord ? { url: discord } : undefined,
    slack: slack ? { url: slack } : undefined,
    modes: settings.ALERT_EVENTS,
  };
}

const PAIRS = [
  ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'],
  ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID'],
] as const;

function requirePairs(settings: AlertSettings): void {
  const violations = PAIRS.flatMap(([one, other]) => {
    if ((settings[one] === undefined) === (settings[other] === undefined)) return [];
    const field = settings[one] === undefined ? one : other;
    return [{ field, description: `is required: ${one} and ${other} go together` }];
  });
  if (violations.length === 0) return;
  const problems = violations.map(({ field, description }) => `${field}: ${description}`);
  throw new ExitlaneError('CONFIG_INVALID', `invalid settings:\n  ${problems.join('\n  ')}`, { violations });
}

export function sendersOf({ webhook, telegram, discord, slack }: AlertConfig): AlertSender[] {
  return [
    ...(webhook ? [webhookSender(webhook)] : []),
    ...(telegram ? [telegramSender(telegram)] : []),
    ...(discord ? [discordSender(discord)] : []),
    ...(slack ? [slackSender(slack)] : []),
  ];
}

/** How an alert type is sent; types of newer versions are on. */
export function modeIn({ modes }: AlertConfig): (alertType: string) => AlertMode {
  const known = new Map<string, AlertMode>(Object.entries(modes));
  return (alertType) => known.get(alertType) ?? 'on';
}
