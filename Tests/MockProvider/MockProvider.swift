@main
struct MockProvider {
    static func main() {}
}
