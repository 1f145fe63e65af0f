import Foundation
import HazelBridge
import SwiftUI
import WalletScreens

/// The first start: a new wallet with its words on paper, one that comes back, or another device of mine.
struct FirstStartScreen: View {
    @ObservedObject var pocket: Pocket
    @State private var state = FirstStartState()
    @State private var mishap: Mishap?
    @State private var isWrong = false
    @State private var chooses = false
    @State private var request: URL?

    var body: some View {
        Form {
            if let mishap { MishapText(mishap) }
            switch state.page {
            case .welcome: welcome
            case .name: name
            case .words: words
            case .proof: proof
            case .restore: restore
            case .join: join
            }
            Waiting(state.opened)
            if state.page != .welcome { Button(Phrase("back").text) { state.back() } }
        }
        .fileImporter(isPresented: $chooses, allowedContentTypes: [.data]) { state.page == .join ? enrol($0) : bringBack($0) }
        .everySecond { state.tick(now: $0) }
        .onAppear { if pocket.opening.isLost { state.restore() } }
        .onDisappear {
            if let request { try? FileManager.default.removeItem(at: request) }
        }
    }

    private var welcome: some View {
        Section(Phrase("welcome").text) {
            Text(Phrase("welcome_why").text)
            Button(Phrase("welcome_new").text) { state.makeNew() }
            Button(Phrase("welcome_restore").text) { state.restore() }
            Button(Phrase("welcome_join").text) { state.join() }
        }
    }

    private var name: some View {
        Section(Phrase("name_why").text) {
            TextField(Phrase("name").text, text: $state.name).accessibilityLabel(Phrase("name").text)
            Button(Phrase("next").text) { showWords() }.disabled(state.tidyName == nil)
        }
    }

    private var words: some View {
        Section(Phrase("words_why").text) {
            ForEach(numbered, id: \.self) { Text($0).monospacedDigit() }
            Button(Phrase("words_written").text) { state.haveWritten() }
        }
    }

    private var numbered: [String] {
        (state.words?.words ?? []).enumerated().map { "\($0.offset + 1). \($0.element)" }
    }

    private var proof: some View {
        Section(Phrase("proof_why").text) {
            ForEach(Array((state.words?.asked ?? []).enumerated()), id: \.offset) { no, place in
                TextField(Phrase("proof_word", "\(place)").text, text: answer(no))
                    .autocorrectionDisabled()
                    .accessibilityLabel(Phrase("proof_word", "\(place)").text)
            }
            if isWrong { Text(Phrase("proof_wrong").text) }
            Button(Phrase("words_again").text) { state.showAgain() }
            Button(Phrase("wallet_make").text) { make() }.disabled(state.opened.isWorking)
        }
    }

    private var restore: some View {
        Section(Phrase("restore_why").text) {
            TextField(Phrase("words_field").text, text: $state.typed)
                .autocorrectionDisabled()
                .accessibilityLabel(Phrase("words_field").text)
            if let mishap = state.wordsMishap { MishapText(mishap) }
            Button(Phrase("restore_choose").text) { chooses = true }
                .disabled(state.typed.isEmpty || state.wordsMishap != nil || state.opened.isWorking)
        }
    }

    private var join: some View {
        Section(Phrase("join_why").text) {
            TextField(Phrase("join_name").text, text: $state.name).accessibilityLabel(Phrase("join_name").text)
            Button(Phrase("join_ask").text) { ask() }.disabled(!state.mayAsk)
            if let request { ShareLink(item: request) { Text(Phrase("join_request").text) } }
            Button(Phrase("join_answer").text) { chooses = true }.disabled(!state.mayEnrol)
        }
    }

    private func answer(_ no: Int) -> Binding<String> {
        Binding(get: { state.words?.answers[no] ?? "" }, set: { state.answer(no, $0) })
    }

    private func showWords() {
        do {
            // Three of them, anywhere.
            state.show(phrase: try newWords(), asked: Array((1...24).shuffled().prefix(3)))
        } catch {
            mishap = Mishap(error)
        }
    }

    private func make() {
        isWrong = !state.check()
        guard !isWrong, let name = state.tidyName, let phrase = state.words?.phrase else { return }
        state.begin(now: now())
        Task {
            do {
                try await pocket.make(name: name, words: phrase)
                state.done()
            } catch {
                state.failed(error)
            }
        }
    }

    private func bringBack(_ chosen: Result<URL, any Error>) {
        state.begin(now: now())
        Task {
            do {
                try await pocket.restore(words: state.phrase, backup: try contents(try chosen.get()))
                state.done()
            } catch {
                state.failed(error)
            }
        }
    }

    private func ask() {
        guard let name = state.tidyName else { return }
        do {
            let device = try newDevice(name: name)
            request = try temporary(LetInState.requestFile, device.request)
            state.asked(device)
        } catch {
            mishap = Mishap(error)
        }
    }

    private func enrol(_ chosen: Result<URL, any Error>) {
        guard let secret = state.device?.secret else { return }
        state.begin(now: now())
        Task {
            do {
                try await pocket.enrol(secret: secret, answer: try contents(try chosen.get()))
                state.done()
            } catch {
                state.failed(error)
            }
        }
    }
}
