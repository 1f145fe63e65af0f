import Foundation
import HazelBridge
import HazelWallet
import SwiftUI
import WalletScreens

/// A backup, sealed with the words, and its rehearsal.
struct BackupScreen: View {
    let holding: Holding
    @State private var state = BackupState()
    @State private var file: URL?
    @State private var chooses = false

    var body: some View {
        Form {
            Section(Phrase("backup_words").text) {
                TextField(Phrase("words_field").text, text: $state.words)
                    .autocorrectionDisabled()
                    .accessibilityLabel(Phrase("words_field").text)
                if !state.words.isEmpty, let mishap = state.mishap { MishapText(mishap) }
            }
            Section {
                Button(Phrase("backup_make").text) { make() }.disabled(!state.areWords || state.file.isWorking)
                Waiting(state.file)
                if let file { ShareLink(item: file) { Text(Phrase("backup_keep").text) } }
            }
            Section(Phrase("rehearse_title").text) {
                Text(Phrase("rehearse_why").text).font(.footnote)
                Button(Phrase("rehearse").text) { chooses = true }.disabled(!state.areWords || state.rehearsal.isWorking)
                Waiting(state.rehearsal)
                if let lines = state.rehearsal.value { Lines(lines) }
            }
        }
        .navigationTitle(Phrase("backup").text)
        .fileImporter(isPresented: $chooses, allowedContentTypes: [.data]) { chosen in rehearse(chosen) }
        .everySecond { state.tick(now: $0) }
        .onDisappear {
            state.words = ""
            if let file { try? FileManager.default.removeItem(at: file) }
        }
    }

    private func make() {
        state.begin(now: now())
        Task {
            do {
                let bytes = try await holding.wallet.run { [phrase = state.phrase] in try $0.backup(words: phrase) }
                file = try temporary("wallet.hazelbackup", bytes)
                state.made(bytes: bytes.count)
            } catch {
                state.failed(error)
            }
        }
    }

    private func rehearse(_ chosen: Result<URL, any Error>) {
        state.rehearse(now: now())
        Task {
            do {
                let bytes = try contents(try chosen.get())
                state.rehearsed(try await holding.wallet.run { [phrase = state.phrase] in try $0.rehearse(words: phrase, backup: bytes) })
            } catch {
                state.rehearsalFailed(error)
            }
        }
    }
}

/// A file that the person has chosen, wherever it lies.
func contents(_ file: URL) throws -> Data {
    #if canImport(UIKit)
        let isLent = file.startAccessingSecurityScopedResource()
        defer { if isLent { file.stopAccessingSecurityScopedResource() } }
    #endif
    return try Data(contentsOf: file)
}

/// A file to be handed to another app, and to be removed afterwards.
func temporary(_ name: String, _ bytes: Data) throws -> URL {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent(name)
    try bytes.write(to: place, options: .atomic)
    return place
}
