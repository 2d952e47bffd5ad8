// Before the first paint: the chosen theme, so that nothing flashes.
(() => {
  try {
    const theme = localStorage.getItem('exitlane.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage can be forbidden; the system's theme is used then.
  }
})();
