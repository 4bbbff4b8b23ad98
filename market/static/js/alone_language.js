// The language of the page that stands alone: "#zh" or "#en" in its address, else the browser's. Loaded first of all.
const asked = location.hash.slice(1);
const chosen = ["zh", "en"].includes(asked) ? asked : navigator.language.startsWith("zh") ? "zh" : "en";
document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
addEventListener("hashchange", () => location.reload());
