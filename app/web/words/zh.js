// 简体中文。English is the key; a test holds this table to the words that the page really says.
export default {
};
