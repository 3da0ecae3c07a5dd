import Crypto

/// The page at `/docs`: one file with its own script and style, which reads `/openapi.json` and loads nothing else.
enum DocsPage {
    /// The whole page.
    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Switchboard: the API</title>
        <style>\(style)</style>
        </head>
        <body>
        <header>
        <h1>Switchboard</h1>
        <p id="about"></p>
        <input id="filter" type="search" placeholder="Filter by path or words" aria-label="Filter">
        </header>
        <main id="routes"><p>Reading openapi.json …</p></main>
        <script>\(script)</script>
        </body>
        </html>

        """

    /// What the browser may do with it: run exactly this script and style, and ask this server.
    static let policy =
        "default-src 'none'; script-src '\(digest(script))'; style-src '\(digest(style))'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static func digest(_ text: String) -> String {
        "sha256-" + Base64.encode(SHA256.hash(Array(text.utf8)))
    }

    private static let style = #"""

        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: #06c }
        @media (prefers-color-scheme: dark) { :root { --link: #6bf } }
        * { box-sizing: border-box }
        body { font: 16px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 0 1rem 4rem }
        h1 { margin: 1rem 0 0 }
        h2 { margin: 2rem 0 0 }
        h3 { font-size: 1rem; margin: 1rem 0 .25rem }
        input { font: inherit; padding: .5rem; width: 100% }
        details { border-top: 1px solid var(--line) }
        summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere }
        summary code { font-weight: 600 }
        .method { display: inline-block; min-width: 4.5rem; font: 600 .8rem ui-monospace, monospace; color: var(--link) }
        .open { font-size: .8rem; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .5rem }
        .body { padding: 0 0 1rem 1rem }
        .members { border-left: 1px solid var(--line); margin: 0; padding-left: .75rem; list-style: none }
        .members details { border: 0 }
        .members summary { padding: 0; color: var(--link) }
        .type, .about { opacity: .75 }
        code, pre { font: .9rem ui-monospace, monospace }
        pre { background: var(--soft); padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
        button { font: inherit; font-size: .8rem; cursor: pointer }

        """#
}
