import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// The camera, and what came of what it saw. Also reads a link that opened the app, or a text that was pasted.
struct ScanScreen: View {
    let holding: Holding
    /// A text that was not scanned.
    let text: String?
    @State private var state = ScanState()
    @State private var terms = TermsState()
    @State private var scanner: Scan?
    @State private var pays: String?
    @State private var mishap: Mishap?
    @Environment(\.dismiss) private var dismiss

    var body: some View {
        NavigationStack {
            VStack(spacing: 16) {
                if let mishap { MishapText(mishap) }
                if let step = state.step {
                    found(step)
                } else {
                    Camera(found: { see($0) }, refused: { mishap = $0 })
                    Text((state.progress ?? Phrase("scan_hold")).text).monospacedDigit()
                }
                Waiting(state.result)
                if let lines = state.result.value { Lines(lines) }
                Button(Phrase("scan_again").text) { again() }
                Button(Phrase("done").text) { dismiss() }
            }
            .padding()
            .navigationTitle(Phrase("scan").text)
        }
        .task { begin() }
        .everySecond { state.tick(now: $0) }
    }

    @ViewBuilder
    private func found(_ step: ScanStep) -> some View {
        switch step {
        case .answer(let code, let partner, let granted):
            Form {
                Section(Phrase("answer_ticket", partner).text) {
                    Text(Phrase("offer_received", amount(granted.limit)).text)
                    Text(Phrase("notice_days", counting: UInt64(granted.noticeDays)).text)
                    TermsFields(state: $terms)
                    Button(Phrase("answer_now").text) { answer(code) }.disabled(terms.terms == nil)
                    Button(Phrase("answer_no").text) { dismiss() }
                }
            }
        case .take(let code):
            Text(Phrase("scan_taking").text).task { await take(code) }
        case .pay(let code, let tally, let invoice):
            if pays == invoice {
                PayScreen(holding: holding, tally: tally, invoice: invoice)
            } else {
                Text(Phrase("scan_taking").text).task { if await take(code) { pays = invoice } }
            }
        case .show(let phrase): Text(phrase.text)
        case .failed(let mishap): MishapText(mishap)
        }
    }

    private func begin() {
        do {
            scanner = try Scan(clock: nil)
            if let text { see(text) }
        } catch {
            mishap = Mishap(error)
        }
    }

    private func see(_ text: String) {
        do {
            if let scanned = try scanner?.text(text: text) { state.see(scanned, text: text) }
        } catch {
            mishap = Mishap(error)
        }
    }

    private func again() {
        state.again()
        (mishap, pays) = (nil, nil)
        try? scanner?.startOver()
    }

    @discardableResult
    private func take(_ code: Code) async -> Bool {
        state.begin(now: now())
        do {
            state.took(try await holding.wallet.run { try $0.take(code: code.bytes) })
            return true
        } catch {
            state.failed(error)
            return false
        }
    }

    private func answer(_ code: Code) {
        guard let granted = terms.terms else { return }
        Task {
            do {
                _ = try await holding.wallet.run { try $0.acceptTicket(code: code.bytes, terms: granted) }
                dismiss()
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
