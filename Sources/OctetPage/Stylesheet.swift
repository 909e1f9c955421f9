import OctetReport

/// How the report looks. No font, picture or script from outside.
package enum Stylesheet {
  /// One colour in the light and in the dark.
  package struct Color: Sendable {
    package var name: String
    package var light: String
    package var dark: String
  }

  /// Everything that text is written in has a contrast of at least 4.5 : 1 on `paper` and `card`,
  /// which a test checks (WCAG 2.2, success criterion 1.4.3). Blue and orange can be told apart by
  /// people who do not see red and green alike.
  package static let colors = [
    Color(name: "paper", light: "#fdfcf9", dark: "#141619"),
    Color(name: "card", light: "#f5f3ed", dark: "#1d2024"),
    Color(name: "line", light: "#d9d5cb", dark: "#363b42"),
    Color(name: "ink", light: "#1b1d21", dark: "#e9e7e2"),
    Color(name: "soft", light: "#5b5f67", dark: "#a5a9b1"),
    Color(name: "float", light: "#22609b", dark: "#83bbee"),
    Color(name: "int8", light: "#a94c08", dark: "#f2a65e"),
    Color(name: "good", light: "#1c663a", dark: "#82cf9a"),
    Color(name: "warn", light: "#765300", dark: "#e4c062"),
    Color(name: "bad", light: "#ab1d20", dark: "#ff938b"),
  ]

  static var markup: Markup {
    Markup(joining: [
      palette, text, layout, tables, pictures, network, HTMLReport.pagingStyle, printing,
    ])
  }

  private static var palette: Markup {
    let light = colors.map { "--\($0.name):\($0.light);" as Markup }
    let dark = colors.map { "--\($0.name):\($0.dark);" as Markup }
    return """
      :root{color-scheme:light dark;\(light)}
      @media screen and (prefers-color-scheme:dark){:root{\(dark)}}

      """
  }

  private static let text: Markup = """
    *{box-sizing:border-box}
    html{scroll-padding-top:3.2rem;-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--paper);color:var(--ink);
    font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
    font-variant-numeric:tabular-nums}
    h1,h2,h3,h4{overflow-wrap:anywhere;font-weight:650;line-height:1.25;margin:0;text-wrap:balance}
    h1{font-size:clamp(1.3rem,1.05rem + 1.1vw,1.8rem);letter-spacing:-.015em;max-width:46rem}
    h2{font-size:1.4rem;letter-spacing:-.01em;margin-bottom:1rem}
    h3{font-size:1.05rem;margin:2rem 0 .75rem}
    h4{font-size:1rem}
    p{margin:.6rem 0;max-width:42rem;overflow-wrap:anywhere}
    small{font-size:.8125rem;color:var(--soft);font-weight:400}
    code,pre{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
    overflow-wrap:anywhere}
    a{color:inherit}
    .note{color:var(--soft);font-size:.875rem}
    .name,code{unicode-bidi:isolate;overflow-wrap:anywhere}
    .good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
    .tally{color:var(--soft);font-weight:400}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
    white-space:nowrap}
    :focus-visible{outline:2px solid var(--float);outline-offset:2px}

    """

  private static let layout: Markup = """
    .top{position:sticky;top:0;z-index:2;background:var(--paper);
    border-bottom:1px solid var(--line);display:flex;align-items:baseline;gap:1.5rem;
    padding:.6rem max(1rem,calc((100% - 66rem)/2))}
    .brand{margin:0;font-weight:650;white-space:nowrap}
    nav{overflow-x:auto;min-width:0}
    nav ul{display:flex;gap:1.1rem;list-style:none;margin:0;padding:0;font-size:.875rem}
    nav a{color:var(--soft);text-decoration:none;white-space:nowrap;padding:.2rem 0}
    nav a:hover{color:var(--ink);text-decoration:underline}
    main,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
    section{padding:2.25rem 0;border-bottom:1px solid var(--line)}
    section:last-child{border:0}
    footer{padding-bottom:2rem}footer p{color:var(--soft);font-size:.8125rem}
    .files{margin:0 0 1.25rem;color:var(--soft);font-size:.875rem;max-width:none}
    .status{display:inline-block;margin:0 0 .75rem;font-weight:650;border:1.5px solid;
    border-radius:99px;padding:.15rem .8rem}
    .action{font-size:1.0625rem;margin-top:1rem}
    .warnings{margin:0 0 .9rem;padding-left:1.1rem;max-width:46rem;color:var(--warn)}
    .gates{list-style:none;margin:1.25rem 0;padding:0;display:grid;gap:.4rem}
    .badge{white-space:nowrap;font-size:.8125rem;font-weight:600}
    dl.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;
    margin:1.75rem 0 0;background:var(--line);border:1px solid var(--line);border-radius:8px;
    overflow:hidden}
    dl.key div{background:var(--paper);padding:.85rem 1rem}
    dl.key dt{font-size:.8125rem;color:var(--soft)}
    dl.key dt::first-letter{text-transform:uppercase}
    dl.key dd{margin:0;font-size:1.5rem;font-weight:600;letter-spacing:-.02em;white-space:nowrap}
    dl.key small{display:block;letter-spacing:0;line-height:1.4}
    .terms{margin:0;font-size:.875rem}.terms dt{font-weight:600}
    .terms dd{margin:0 0 .5rem;color:var(--soft)}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23rem),1fr));
    gap:1.75rem 2.75rem;align-items:start}
    .grid div{min-width:0}
    details summary{cursor:pointer;padding:.35rem 0}
    details.numbers summary{font-size:.8125rem;color:var(--soft)}
    details.layer{border-top:1px solid var(--line);padding:.25rem 0}
    details.layer:last-of-type{border-bottom:1px solid var(--line)}
    details.layer[open]{padding-bottom:1.25rem}
    details.layer .badge{margin:0 .4rem}
    .findings{padding-left:1.1rem;max-width:46rem}.findings li{margin:.4rem 0}

    """

  private static let tables: Markup = """
    .scroll{overflow-x:auto;max-width:100%;margin:.75rem 0 1.5rem;position:relative}
    table{border-collapse:collapse;font-size:.875rem;line-height:1.35;width:100%}
    .caption{font-size:.875rem;font-weight:600;line-height:1.35;margin:1.25rem 0 .25rem}
    .caption+.scroll{margin-top:.25rem}.grid .caption:first-child{margin-top:0}
    th,td{padding:.34rem .6rem;text-align:right;border-bottom:1px solid var(--line);
    white-space:nowrap}
    thead th{color:var(--soft);font-weight:500;font-size:.8125rem;vertical-align:bottom}
    th:first-child,td.text,th.text{text-align:left}
    th:first-child{padding-left:0;font-weight:500}
    td.bar{min-width:5.5rem}
    .scroll th:first-child{position:sticky;left:0;background:var(--paper)}
    tbody th{white-space:normal;overflow-wrap:break-word;min-width:6.5rem}
    td.bar{background:linear-gradient(color-mix(in srgb,var(--c) 28%,transparent) 0 0) no-repeat
    0 50%/var(--s) 1.2em;background-origin:content-box;background-clip:content-box}
    td.float{--c:var(--float)}td.int8{--c:var(--int8)}td.soft{--c:var(--soft)}
    pre{background:var(--card);padding:.8rem 1rem;border-radius:6px;margin:0;white-space:pre-wrap}
    .flips{list-style:none;margin:0;padding:0;display:grid;gap:1rem;
    grid-template-columns:repeat(auto-fill,minmax(min(100%,15.5rem),1fr))}
    .flip{background:var(--card);border-radius:8px;padding:.8rem;display:grid;
    grid-template-columns:4.75rem 1fr;gap:.6rem .8rem;align-content:start}
    .flip div{min-width:0}
    .flip img{width:4.75rem;height:4.75rem;object-fit:contain;image-rendering:pixelated;
    background:#000;border-radius:3px}
    .flip .blank{width:4.75rem;height:4.75rem;display:grid;place-items:center;font-size:.75rem;
    color:var(--soft);border:1px dashed var(--line);text-align:center}
    .flip p{margin:.15rem 0 0;font-size:.875rem;line-height:1.35}
    .flip p span,.flip small{display:inline-block}
    .flip .note{font-size:.8125rem}
    .flip table{grid-column:1/-1;font-size:.8125rem;table-layout:fixed}
    .flip th,.flip td{padding:.1rem .35rem;border:0}
    .flip th:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding-left:0}
    .flip thead th{font-size:.75rem}
    .flip tbody th{min-width:0}
    .flip .rest td{text-align:left;padding-left:0;color:var(--soft);font-size:.75rem}
    .pages>ul{display:none;margin-top:.75rem}
    .pages>input{position:absolute;opacity:0}
    .pages>label{display:inline-block;min-width:1.9rem;padding:.15rem .4rem;margin:0 .15rem .3rem 0;
    text-align:center;font-size:.8125rem;border:1px solid var(--line);border-radius:5px;
    cursor:pointer}
    .pages>input:checked+label{background:var(--ink);color:var(--paper);border-color:var(--ink);
    font-weight:600}
    .pages>input:focus-visible+label{outline:2px solid var(--float);outline-offset:2px}

    """

  private static let pictures: Markup = """
    figure{margin:0}
    figure svg{display:block;width:100%;height:auto;overflow:visible}
    figcaption{font-size:.8125rem;color:var(--soft);margin:.5rem 0 0;max-width:32rem}
    figcaption strong{color:var(--ink)}
    svg text{font-size:12px;fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px;
    stroke-linejoin:round}
    svg .cell,svg .plain{stroke:none}
    svg .axis{font-size:11px;fill:var(--soft)}
    svg .strong{font-weight:600}
    svg .cell.small{font-size:10px}
    svg .float,svg .better{fill:var(--float)}
    svg .int8,svg .worse{fill:var(--int8)}
    svg .soft{fill:var(--soft)}
    svg .stroke{fill:none;stroke-width:1.5}
    svg .stroke.float{stroke:var(--float)}svg .stroke.int8{stroke:var(--int8)}
    svg .stroke.soft{stroke:var(--soft);stroke-width:1}
    svg .stroke.ink{stroke:var(--ink)}
    svg .stroke.dotted{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
    svg .stroke.thick{stroke-width:3}
    svg .both{fill:var(--soft)}
    svg .curve{fill:none;stroke-width:1.6}svg .curve.broad{stroke-width:4;stroke-opacity:.55}
    svg .curve.float{stroke:var(--float)}svg .curve.int8{stroke:var(--int8)}
    svg .ring{fill:var(--paper);stroke:var(--float);stroke-width:2}
    svg .rule{stroke:var(--line);stroke-width:1}
    svg .baseline{stroke:var(--soft);stroke-width:1}
    svg .empty,svg .track{fill:var(--card)}
    svg .ruler{fill:var(--ink)}
    svg .hatch{fill:var(--bad);fill-opacity:.35;stroke:var(--bad);stroke-dasharray:2 2}
    svg .area{stroke:var(--float);fill:var(--float);fill-opacity:.16}
    svg .area1{stroke:var(--int8);fill:var(--int8)}
    svg .area2{stroke:var(--soft);fill:var(--soft)}
    span.key{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.1em}
    .key.float,.key.better{background:var(--float)}.key.int8,.key.worse{background:var(--int8)}

    """

  private static let network: Markup = """
    figure.network>figcaption{max-width:none}
    .tools{display:flex;flex-wrap:wrap;gap:.4rem 1.5rem;align-items:center;margin:0 0 .75rem;
    font-size:.875rem}
    .choice{color:var(--soft)}.choice label{color:var(--ink);margin-left:.4rem;white-space:nowrap;
    cursor:pointer}
    .zoom{display:none}.live .zoom{display:inline}
    .tools button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);
    border-radius:5px;min-width:2rem;padding:.15rem .5rem;cursor:pointer}
    .view{overflow:auto;max-height:max(85vh,48rem);border:1px solid var(--line);border-radius:8px;
    padding:.75rem;background:var(--paper)}
    .view svg{width:100%;margin:0 auto}
    .live .view{cursor:grab}
    .view.whole{display:none}
    figure:has(#by-operator:checked) .view.whole{display:block}
    figure:has(#by-operator:checked) .view.folded{display:none}
    svg .b{display:none}
    figure:has(#by-bytes:checked) .b{display:inline}
    figure:has(#by-bytes:checked) .t{display:none}
    svg .wire{fill:none;stroke:var(--soft);stroke-width:1.2;stroke-opacity:.75}
    svg .wire.only{stroke:var(--float);stroke-dasharray:4 3;stroke-opacity:1}
    svg .op rect{stroke:var(--soft);stroke-width:1;fill:var(--k);cursor:pointer}
    svg .op text{pointer-events:none}svg .op .small{font-size:11px}
    svg .op:hover rect{stroke:var(--ink);stroke-width:2}
    svg .op:focus-visible rect{stroke:var(--float);stroke-width:3}
    svg a.op{outline:none;text-decoration:none}
    svg .fault rect{stroke:var(--bad);stroke-width:2.2}
    svg .marked rect{stroke:var(--ink);stroke-width:3}
    svg .marked.fault rect{stroke:var(--bad)}
    svg .op.only rect{stroke-dasharray:4 3;stroke-width:1.6;fill:var(--paper)}
    svg .op.only.float rect{stroke:var(--float)}svg .op.only.int8 rect{stroke:var(--int8)}
    .e0{--k:color-mix(in srgb,var(--int8) 4%,var(--paper))}
    .e1{--k:color-mix(in srgb,var(--int8) 14%,var(--paper))}
    .e2{--k:color-mix(in srgb,var(--int8) 27%,var(--paper))}
    .e3{--k:color-mix(in srgb,var(--int8) 41%,var(--paper))}
    .e4{--k:color-mix(in srgb,var(--int8) 56%,var(--paper))}
    .en{--k:var(--card)}
    span.key.e0,span.key.e1,span.key.e2,span.key.e3,span.key.e4{background:var(--k);
    outline:1px solid var(--soft)}
    svg .shade0{fill-opacity:.25}svg .shade1{fill-opacity:.45}svg .shade2{fill-opacity:.7}
    .step{white-space:nowrap;margin-right:.5rem}
    .place{scroll-margin-top:6rem}
    [id^=row-]{scroll-margin-top:6rem}
    .maps{list-style:none;margin:0;padding:0;display:grid;gap:1.25rem 1.75rem;
    grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr))}
    .maps p{margin:.1rem 0 .4rem}.maps li{min-width:0}
    .triple{display:grid;grid-template-columns:repeat(3,1fr);gap:.5rem}
    .triple small,.strip small{display:block}
    img.map{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:2px}
    .filters{margin-top:1.5rem;max-width:46rem}.strip{margin:.35rem 0}
    .scales{list-style:none;margin:0;padding:0}td svg{width:6rem;height:1.25rem;overflow:visible}
    .filters img.map,.maps img.map{max-width:24rem}.tiles{grid-template-columns:repeat(auto-fill,
    minmax(min(100%,13rem),1fr))}

    """

  private static let printing: Markup = """
    @media (max-width:34rem){section{padding:1.75rem 0}.grid{gap:1.25rem}
    .top{gap:1rem}dl.key{grid-template-columns:1fr 1fr}dl.key dd{font-size:1.25rem}
    dl.key div{padding:.7rem .75rem}
    th,td{padding:.34rem .35rem}table{font-size:.8125rem}}
    @page{size:A4;margin:14mm 13mm}
    @media print{html{font-size:10pt}nav,.numbers,.tools,.live .zoom,
    .pages>input,.pages>label{display:none}
    table{font-size:7.5pt}th,td{padding:.2rem .25rem}thead th{white-space:normal;font-size:7.5pt}
    tbody th,td.bar{min-width:0}.flips{grid-template-columns:repeat(3,1fr)}
    .grid{grid-template-columns:repeat(2,1fr);gap:1rem 1.5rem}.top{position:static;padding:0}
    main,footer{max-width:none;padding:0}section{padding:1rem 0}.scroll{overflow:visible}
    .view{overflow:visible;max-height:none;border:0;padding:0}
    .view svg{width:auto!important;min-width:0!important;max-width:100%!important;max-height:235mm}
    .maps{grid-template-columns:repeat(2,1fr)}.maps li,.filters{break-inside:avoid}
    .flip,figure,tr,summary,dl.key{break-inside:avoid}h2,h3,summary{break-after:avoid}
    .flip{border:1px solid var(--line)}
    .bar,img,.key,svg *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    details.layer::details-content{content-visibility:visible;display:block}}

    """
}
