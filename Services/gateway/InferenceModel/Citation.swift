/// A page of the web that bears out a stretch of an answer's text.
package struct Citation: Equatable, Sendable {
    package var url: String
    package var title: String
    /// Where the stretch stands in the text of the candidate, in Unicode scalars.
    package var range: Range<Int>

    package init(url: String, title: String, range: Range<Int>) {
        self.url = url
        self.title = title
        self.range = range
    }
}
