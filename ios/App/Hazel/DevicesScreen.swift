import Foundation
import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// Both parties' devices on a tally, and letting in another of mine.
struct DevicesScreen: View {
    let holding: Holding
    let tally: String
    let hasRoot: Bool
    @State private var state: DevicesState?
    @State private var mishap: Mishap?
    @State private var revokes: DeviceRow?
    @State private var letIn = LetInState()
    @State private var file: URL?
    @State private var chooses = false

    var body: some View {
        List {
            if let mishap { MishapText(mishap) }
            if let state {
                Section(Phrase("devices_mine").text) {
                    ForEach(state.mine) { row in
                        line(row)
                        if row.canBeginAnew { Button(Phrase("begin_anew").text) { act { try $0.renew(tally: tally) } } }
                        if row.canHand {
                            TextField(Phrase("allowance").text, text: Binding(get: { letIn.typed }, set: { letIn.type($0) }))
                                .monospacedDigit()
                                .accessibilityLabel(Phrase("allowance").text)
                            Button(Phrase("allowance_hand", "\(row.number)").text) { hand(to: row) }.disabled(letIn.units == nil)
                        }
                        if row.canRevoke { Button(Phrase("device_revoke").text, role: .destructive) { revokes = row } }
                    }
                }
                Section(Phrase("devices_theirs").text) { ForEach(state.theirs) { line($0) } }
                Section {
                    Text(Phrase(state.canAdd ? "devices_add" : "devices_no_root").text).font(.footnote)
                    if state.canAdd { Button(Phrase("device_let_in").text) { chooses = true }.disabled(letIn.answer.isWorking) }
                    Waiting(letIn.answer)
                    if let file { ShareLink(item: file) { Text(Phrase("device_answer").text) } }
                }
            }
        }
        .navigationTitle(Phrase("devices").text)
        .confirmationDialog(
            Phrase("device_revoke_sure").text, isPresented: Binding(get: { revokes != nil }, set: { if !$0 { revokes = nil } }),
            titleVisibility: .visible
        ) {
            if let row = revokes {
                Button(Phrase("device_revoke").text, role: .destructive) { act { _ = try $0.revokeDevice(device: row.number) } }
            }
        }
        .fileImporter(isPresented: $chooses, allowedContentTypes: [.data]) { answer($0) }
        .everySecond { letIn.tick(now: $0) }
        .task { await read() }
        .onDisappear {
            if let file { try? FileManager.default.removeItem(at: file) }
        }
    }

    private func line(_ row: DeviceRow) -> some View {
        VStack(alignment: .leading, spacing: 2) {
            Text(row.title.text)
            Text(row.note.text).font(.footnote).monospacedDigit().foregroundStyle(.secondary)
        }
        .accessibilityElement(children: .combine)
    }

    private func answer(_ chosen: Result<URL, any Error>) {
        letIn.begin(now: now())
        Task {
            do {
                let request = try contents(try chosen.get())
                let bytes = try await holding.wallet.run { try $0.addDevice(request: request) }
                file = try temporary(LetInState.answerFile, bytes)
                letIn.answered(bytes)
            } catch {
                letIn.failed(error)
            }
            await read()
        }
    }

    private func hand(to row: DeviceRow) {
        guard let units = letIn.units else { return }
        act { [tally] in try $0.handAllowance(tally: tally, to: row.number, units: units) }
    }

    private func read() async {
        do {
            let devices = try await holding.wallet.run { [tally] in try $0.devices(tally: tally) }
            state = DevicesState(devices, hasRoot: hasRoot)
        } catch {
            mishap = Mishap(error)
        }
    }

    private func act(_ verb: @escaping @Sendable (Wallet) throws -> Void) {
        Task {
            do {
                try await holding.wallet.run(verb)
                mishap = nil
            } catch {
                mishap = Mishap(error)
            }
            await read()
        }
    }
}
