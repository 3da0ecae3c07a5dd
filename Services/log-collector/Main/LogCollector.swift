@main
struct LogCollector {
    static func main() {}
}
