// 简体中文。English is the key; a test holds this table to the words that the page really says.
//   take 片段   shot 镜头   prompt 提示词   seed 种子   steps 步数   storyboard 分镜   recipe 配方   latents 潜变量
import making from './zh/making.js';
import studio from './zh/studio.js';
import takes from './zh/takes.js';
import timeline from './zh/timeline.js';

export default { ...studio, ...making, ...takes, ...timeline };
