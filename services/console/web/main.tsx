import { render } from 'preact';
import './styles/index.css';
import { App } from './app.js';
import { showAttention } from './state/attention.js';
import { connect } from './state/stream.js';

const place = document.querySelector('#app');
if (!place) throw new Error('index.html has no #app');
render(<App />, place);
showAttention();
void connect();
