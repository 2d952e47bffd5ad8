import { expect } from 'chai';
import { generatedFiles, staleFiles } from './settings-docs.js';
import { allNames, SERVICE_NAMES, settingsOf } from './settings-registry.js';

describe('O4 the documentation of the settings', () => {
  it('is as the program makes it: otherwise run make docs', () => {
    expect(staleFiles({ write: false })).to.deep.equal([]);
  });

  it('has every setting of every service, with a meaning', () => {
    const document = generatedFiles().get('docs/settings.md') ?? '';
    for (const service of SERVICE_NAMES) {
      for (const { name, meaning } of settingsOf(service)) {
        expect(meaning, name).to.not.equal('');
        expect(document).to.contain(`| \`${name}\``);
      }
    }
  });

  it('marks what must not be shown', () => {
    const { secrets, addresses } = allNames();
    expect(secrets).to.include.members(['ALERT_WEBHOOK_SECRET', 'JUPITER_API_KEY', 'TELEGRAM_BOT_TOKEN']);
    expect(addresses).to.include.members([
      'DATABASE_URL',
      'DISCORD_WEBHOOK_URL',
      'SLACK_WEBHOOK_URL',
      'SOLANA_RPC_URLS',
    ]);
  });

  it('knows defaults, units and what is allowed from the schemas', () => {
    const of = (name: string) => settingsOf('requestor').find((setting) => setting.name === name);
    expect(of('MAX_ATTEMPTS')).to.deep.include({
      defaultText: '5',
      unit: 'attempts',
      allowed: 'a whole number from 1 to 20',
    });
    expect(of('DATABASE_URL')).to.deep.include({ defaultText: 'required', secrecy: 'address' });
    expect(of('MAX_EXPOSURE_SOL')).to.deep.include({ defaultText: 'none', unit: 'SOL' });
  });
});
