# What Gemfile.locks say, by Bundler itself: ruby read.rb gemfile-lock, with a path in each line of the input. Answers as read.py
# does; checksums are read since Bundler 2.5 only, so there are none.
ENV["BUNDLE_GEMFILE"] = __FILE__ # somewhere must be a Gemfile
require "bundler"
require "json"

$stdin.each_line(chomp: true) do |path|
  text = File.read(path)
  # What was merged wrongly has a gem twice, of which Bundler takes the last.
  gems = text.scan(/^    (\S+ \(.*\))$/)
  if gems.uniq.length < gems.length
    puts JSON.generate(omitted: "the same version of a gem is there twice")
    next
  end
  found = Hash.new { |all, name| all[name] = [] }
  Bundler::LockfileParser.new(text).specs.each do |spec|
    revision = spec.source.is_a?(Bundler::Source::Git) ? spec.source.options["revision"] : nil
    found[spec.name] << [spec.version.to_s, revision, nil]
  end
  puts JSON.generate(found: found)
rescue StandardError => error
  puts JSON.generate(error: error.full_message(highlight: false))
end
