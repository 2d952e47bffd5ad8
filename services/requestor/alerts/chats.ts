import { type AlertSender, keysIn } from './sender.js';
import { chatText } from './text.js';

/** The three chats. Each shows the same words as plain text: a token's name must not become a link, a mention or bold type. */

export interface TelegramConfig {
  /** Base URL of the Bot API, without a slash at its end. */
  readonly apiUrl: string;
  readonly token: string;
  /** Number of the chat, or `@name` of a channel. */
  readonly chatId: string;
}

/** https://core.telegram.org/bots/api#sendmessage; without parse_mode nothing is formatted. */
export function telegramSender({ apiUrl, token, chatId }: TelegramConfig): AlertSender {
  return {
    name: 'telegram',
    host: new URL(apiUrl).host,
    secrets: [token],
    post: (news) => ({
      url: `${apiUrl}/bot${token}/sendMessage`,
      body: JSON.stringify({
        chat_id: chatId,
        text: chatText(news),
        disable_notification: news.silent,
        link_preview_options: { is_disabled: true },
      }),
    }),
  };
}

/** SUPPRESS_NOTIFICATIONS, https://docs.discord.com/developers/resources/message#message-object-message-flags. */
const DISCORD_SILENT = 1 << 12;

/** https://docs.discord.com/developers/resources/webhook#execute-webhook; in a code block nothing is formatted. */
export function discordSender({ url }: { readonly url: string }): AlertSender {
  return {
    name: 'discord',
    host: new URL(url).host,
    secrets: keysIn(url),
    post: (news) => ({
      url,
      body: JSON.stringify({
        content: `\`\`\`\n${chatText(news).replaceAll('`', "'")}\n\`\`\``,
        flags: news.silent ? DISCORD_SILENT : 0,
        allowed_mentions: { parse: [] },
      }),
    }),
  };
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; Slack has no messages without a sound. */
export function slackSender({ url }: { readonly url: string }): AlertSender {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return {
    name: 'slack',
    host: new URL(url).host,
    secrets: keysIn(url),
    post: (news) => ({
      url,
      body: JSON.stringify({
        text: escaped(chatText(news)),
        mrkdwn: false,
        unfurl_links: false,
        unfurl_media: false,
      }),
    }),
  };
}
