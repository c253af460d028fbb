import { render } from 'preact';
import { App } from './app.js';
import './style/base.css';
import './style/parts.css';
import './style/graph.css';
import './style/views.css';

const page = document.getElementById('page');
if (page) render(<App />, page);
