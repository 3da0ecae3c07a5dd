/// How much the model should think before it answers (contract providers §3.7).
package enum Reasoning: Equatable, Sendable {
    case disabled
    /// `budget` in tokens, when the caller gave a number.
    case enabled(effort: Effort, budget: Int? = nil)

    /// How much, in the words of the APIs that take words.
    package enum Effort: String, Sendable, CaseIterable, Comparable {
        case minimal, low, medium, high, xhigh

        package static func < (left: Self, right: Self) -> Bool {
            left.budget < right.budget
        }

        /// The tokens an effort stands for where a vendor wants a number.
        package var budget: Int {
            switch self {
            case .minimal: 1024
            case .low: 2048
            case .medium: 8192
            case .high: 16384
            case .xhigh: 32768
            }
        }
    }

    /// Reads a word of any protocol; `nil` for one that nobody knows.
    package init?(word: String) {
        switch word.lowercased() {
        case "none", "off", "disabled": self = .disabled
        case "minimal": self = .enabled(effort: .minimal)
        case "low": self = .enabled(effort: .low)
        case "medium", "med": self = .enabled(effort: .medium)
        case "high": self = .enabled(effort: .high)
        case "xhigh", "max", "maximum": self = .enabled(effort: .xhigh)
        default: return nil
        }
    }

    /// The meaning of a number of tokens: none or less is off, -1 is the vendor's own choice.
    package init(budget: Int) {
        switch budget {
        case -1: self = .enabled(effort: .medium)
        case ...0: self = .disabled
        case ...1024: self = .enabled(effort: .minimal, budget: budget)
        case ...4096: self = .enabled(effort: .low, budget: budget)
        case ...12288: self = .enabled(effort: .medium, budget: budget)
        case ...24576: self = .enabled(effort: .high, budget: budget)
        default: self = .enabled(effort: .xhigh, budget: budget)
        }
    }

    /// The effort, `nil` when thinking is off.
    package var effort: Effort? {
        if case .enabled(let effort, _) = self { effort } else { nil }
    }

    /// The tokens to think with: the caller's number, else the effort's; `nil` when thinking is off.
    package var budget: Int? {
        if case .enabled(let effort, let budget) = self { budget ?? effort.budget } else { nil }
    }
}
