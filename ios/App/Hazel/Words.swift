import Foundation
import SwiftUI
import WalletScreens

extension Phrase {
    /// The sentence in the person's language. Which form a number wants, the system knows.
    var text: String {
        let pattern = Bundle.main.localizedString(forKey: key, value: nil, table: nil)
        return count.map { String.localizedStringWithFormat(pattern, Int64(clamping: $0)) } ?? filled(pattern)
    }
}

/// An amount, in figures of one width, so that amounts stand under one another.
struct AmountText: View {
    let amount: String
    let direction: Phrase

    var body: some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(direction.text).font(.subheadline).foregroundStyle(.secondary)
            Text(amount).font(.largeTitle).monospacedDigit().bold()
        }
        .accessibilityElement(children: .combine)
    }
}

/// Why something was not done.
struct MishapText: View {
    let mishap: Mishap

    init(_ mishap: Mishap) { self.mishap = mishap }

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            Label(mishap.text.text, systemImage: "exclamationmark.triangle")
            if let detail = mishap.detail {
                Text(detail).font(.footnote).foregroundStyle(.secondary)
            }
        }
        .accessibilityElement(children: .combine)
    }
}

/// Lines under one another.
struct Lines: View {
    let phrases: [Phrase]

    init(_ phrases: [Phrase]) { self.phrases = phrases }

    var body: some View {
        ForEach(phrases, id: \.self) { phrase in Text(phrase.text) }
    }
}

/// Something that takes a while: a wheel with an end, then words.
struct Waiting<Value: Sendable & Equatable>: View {
    let patience: Patience<Value>

    init(_ patience: Patience<Value>) { self.patience = patience }

    var body: some View {
        switch patience {
        case .working: ProgressView().accessibilityLabel(Phrase("working").text)
        case .late: Text(Phrase("late").text)
        case .failed(let mishap): MishapText(mishap)
        case .idle, .done: EmptyView()
        }
    }
}

/// Seconds since 1970.
func now() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970)) }

/// A time as the person writes it.
func day(_ seconds: UInt64) -> String {
    DateFormatter.localizedString(from: Date(timeIntervalSince1970: TimeInterval(seconds)), dateStyle: .medium, timeStyle: .short)
}

extension View {
    /// Tells the time once a second while the screen is there.
    func everySecond(_ tick: @escaping @MainActor (UInt64) -> Void) -> some View {
        task {
            while !Task.isCancelled {
                tick(now())
                try? await Task.sleep(nanoseconds: 1_000_000_000)
            }
        }
    }
}
