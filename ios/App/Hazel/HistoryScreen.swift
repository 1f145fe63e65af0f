import Foundation
import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// A tally's history, page after page, and the whole of it as a file for a spreadsheet or a program.
struct HistoryScreen: View {
    let holding: Holding
    let partner: String
    @State private var state: HistoryState
    @State private var file: URL?
    @State private var mishap: Mishap?

    init(holding: Holding, tally: String, partner: String) {
        self.holding = holding
        self.partner = partner
        _state = State(initialValue: HistoryState(tally: tally))
    }

    var body: some View {
        List {
            if let mishap = mishap ?? state.mishap { MishapText(mishap) }
            Toggle(Phrase("history_payments").text, isOn: Binding(get: { state.paymentsOnly }, set: { narrow(payments: $0) }))
            ForEach(state.rows) { ChitLines(chit: $0) }
            if state.next != nil {
                Button(Phrase("history_more").text) { Task { await turn() } }
            }
            ForEach(HistoryState.Form.allCases, id: \.self) { form in
                Button(form.text.text) { export(form) }
            }
            if let file { ShareLink(item: file) { Text(Phrase("export_share", file.lastPathComponent).text) } }
        }
        .searchable(text: Binding(get: { state.text }, set: { narrow(text: $0) }), prompt: Phrase("history_search").text)
        .navigationTitle(Phrase("history").text)
        .task { await turn() }
        .onDisappear {
            if let file { try? FileManager.default.removeItem(at: file) }
        }
    }

    private func narrow(text: String? = nil, payments: Bool? = nil) {
        guard text != nil && text != state.text || payments != nil && payments != state.paymentsOnly else { return }
        if let text { state.text = text }
        if let payments { state.paymentsOnly = payments }
        state.startOver()
        Task { await turn() }
    }

    private func turn() async {
        guard let (question, page) = state.next else { return }
        do {
            let chits = try await holding.wallet.run { [tally = state.tally] in try $0.history(tally: tally, page: page) }
            state.hear(chits, to: question)
        } catch {
            state.failed(error, to: question)
        }
    }

    private func export(_ form: HistoryState.Form) {
        Task {
            do {
                let text = try await holding.wallet.run { [tally = state.tally] in try form.write(tally, of: $0) }
                file = try temporary(form.fileName(partner), Data(text.utf8))
                mishap = nil
            } catch {
                mishap = Mishap(error)
            }
        }
    }
}
