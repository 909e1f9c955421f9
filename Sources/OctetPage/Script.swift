import Foundation

/// The page's only script: zooms and drags the network in its box. Without it the box scrolls.
///
/// It has no character that XML gives a meaning, loads nothing, and the page's security policy
/// names it by its hash, so no other script runs.
package enum Script {
  /// Base64 of the SHA-256 of `source`.
  package static let hash = Data(SHA256.digest(Array(source.utf8))).base64EncodedString()
  static let markup = Markup(stringLiteral: source)

  package static let source = """
    document.documentElement.classList.add('live');
    for (const view of document.querySelectorAll('.view')) {
      const svg = view.querySelector('svg');
      const natural = Number(svg.getAttribute('width'));
      const zoom = (factor, x, y) => {
        const old = svg.getBoundingClientRect().width;
        const fit = Math.min(view.clientWidth, natural);
        const width = factor ? Math.min(Math.max(old * factor, fit / 2), natural * 3) : fit;
        svg.style.minWidth = '0';
        svg.style.maxWidth = 'none';
        svg.style.width = width + 'px';
        view.scrollLeft = (view.scrollLeft + x) * width / old - x;
        view.scrollTop = (view.scrollTop + y) * width / old - y;
      };
      const center = factor => zoom(factor, view.clientWidth / 2, view.clientHeight / 2);
      view.closest('figure').addEventListener('click', event => {
        const button = event.target.closest('[data-zoom]');
        if (button) if (view.clientWidth) center(Number(button.dataset.zoom));
      });
      view.addEventListener('keydown', event => {
        const factor = {'+': 1.25, '=': 1.25, '-': 0.8, '0': 0}[event.key];
        if (factor === undefined || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        center(factor);
      });
      view.addEventListener('wheel', event => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        const box = view.getBoundingClientRect();
        zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
      }, {passive: false});
      let start = null;
      let moved = 0;
      view.addEventListener('pointerdown', event => {
        if (event.pointerType !== 'mouse' || event.button) return;
        start = [event.clientX + view.scrollLeft, event.clientY + view.scrollTop];
        moved = 0;
      });
      addEventListener('pointermove', event => {
        if (!start) return;
        const [x, y] = [start[0] - event.clientX, start[1] - event.clientY];
        moved += Math.abs(x - view.scrollLeft) + Math.abs(y - view.scrollTop);
        [view.scrollLeft, view.scrollTop] = [x, y];
      });
      addEventListener('pointerup', () => { start = null; });
      view.addEventListener('dragstart', event => event.preventDefault());
      view.addEventListener('click', event => {
        if (Math.sign(moved - 4) === 1) event.preventDefault();
        moved = 0;
      }, true);
    }
    """
}
